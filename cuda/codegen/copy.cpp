#include "cuda/codegen/copy.h"

#include <vector>

#include <fmt/format.h>

#include "core/layout.h"
#include "cuda/codegen/chain.h"
#include "cuda/codegen/space.h"
#include "cuda/device/copy_words.h"

namespace tandem::cuda {

namespace {

constexpr int threads_per_block = 256;

launch launch_of(std::int64_t item_bytes, const ops::region& from, const std::vector<word>* number,
                 const ops::region& to) {
  launch made;
  made.blocks = 0;
  made.strides_by_grid = true;
  if (core::size_of(to.at.shape) == 0) return made;

  const std::vector<dims> strides{from.at.strides, to.at.strides};
  const space over = merged(to.at.shape, strides, core::by_stride(to.at.strides));
  made.words.resize(td::copy_words);
  const auto put = [&](int at, word value) { made.words[static_cast<std::size_t>(at)] = value; };
  if (number == nullptr) {
    put(td::copy_source, {from.at.offset * item_bytes, from.buffer});
  } else {
    for (std::size_t i = 0; i < number->size(); ++i) put(td::copy_number + static_cast<int>(i), (*number)[i]);
    put(td::copy_from_number, {1});
  }
  put(td::copy_target, {to.at.offset * item_bytes, to.buffer});
  put(td::copy_count, {over.size()});
  put(td::copy_axes, {over.extents.size()});
  for (int axis = 0; axis < over.extents.size(); ++axis) {
    const int at = td::copy_space + td::copy_axis_words * axis;
    put(at, {over.extents[axis]});
    put(at + 1, {multiplier_of(over.extents[axis])});
    put(at + 2, {over.strides[0][axis]});
    put(at + 3, {over.strides[1][axis]});
  }
  made.code = copy_kernel(item_bytes, fits_32_bits(over));
  made.blocks = (over.size() - 1) / threads_per_block + 1;
  return made;
}

}  // namespace

launch copied(std::int64_t item_bytes, const ops::region& from, const ops::region& to) {
  return launch_of(item_bytes, from, nullptr, to);
}

launch filled(const std::vector<word>& number, dtype type, const ops::region& to) {
  ops::region nothing{-1, to.at};
  nothing.at.strides = dims::filled(to.at.shape.size(), 0);
  return launch_of(item_size(type), nothing, &number, to);
}

std::shared_ptr<const kernel> copy_kernel(std::int64_t item_bytes, bool narrow) {
  kernel code;
  code.key = fmt::format("copy {} {}", item_bytes, narrow ? 32 : 64);
  code.name = kernel_name(code.key);
  code.words = td::copy_words;
  code.threads_per_block = threads_per_block;
  code.text = [item_bytes, narrow, name = code.name] {
    return kernel_begin(name, {"cuda/device/copy.h"}) + kernel_signature(name, td::copy_words, threads_per_block) +
           fmt::format(" {{\n  td::copy_strided<td::access<{}>, {}>(w);\n}}\n", item_bytes, index_type(narrow)) +
           kernel_end();
  };
  return std::make_shared<const kernel>(std::move(code));
}

}  // namespace tandem::cuda
