#include <vector>

#include <fmt/format.h>

#include "core/layout.h"
#include "cuda/codegen/chain.h"
#include "cuda/codegen/lower_stage.h"
#include "cuda/codegen/space.h"

namespace tandem::cuda {

namespace {

constexpr int threads = 256;

// A type of an element's size: repeating looks at no element.
const char* bits_type(std::int64_t item_bytes) {
  switch (item_bytes) {
    case 1: return "unsigned char";
    case 2: return "unsigned short";
    case 4: return "unsigned";
    case 8: return "unsigned long long";
    default: return "td::access<16>";
  }
}

}  // namespace

void lower_stage(lowering& into, const ops::repeat_stage& what) {
  const dims& shape = what.target.at.shape;
  const std::int64_t elements = core::size_of(shape);
  if (elements == 0) return;
  const std::int64_t item_bytes = item_size(what.type);
  dims x_strides = what.x.at.strides;
  const std::int64_t x_stride = x_strides[what.axis];
  x_strides[what.axis] = 0;
  dims places = dims::filled(shape.size(), 0);
  places[what.axis] = 1;
  const std::vector<dims> strides{x_strides, what.target.at.strides, places};
  const space over = merged(shape, strides, core::by_stride(what.target.at.strides));
  const std::int64_t extent = what.x.at.shape[what.axis];
  // With the distances that the search along the axis adds.
  dims reach = what.x.at.shape;
  const space x_space = merged(reach, std::vector<dims>{what.x.at.strides}, core::by_stride(what.x.at.strides));
  const space ends_space = merged({extent}, std::vector<dims>{what.ends.at.strides}, {0});
  const bool narrow = fits_32_bits(over) && fits_32_bits(x_space) && fits_32_bits(ends_space);

  std::vector<word> words{{what.x.at.offset * item_bytes, what.x.buffer},
                          {what.target.at.offset * item_bytes, what.target.buffer},
                          {what.ends.at.offset * item_size(dtype::int64), what.ends.buffer},
                          {elements},
                          {extent},
                          {x_stride},
                          {what.ends.at.strides[0]}};
  append_space(over, 3, words);
  const int axes = over.extents.size();
  const int count = static_cast<int>(words.size());
  const std::string key = fmt::format("repeat {} {} {}", item_bytes, axes, narrow ? 32 : 64);
  const std::string name = kernel_name(key);
  const auto text = [=] {
    return kernel_begin(name, {"cuda/device/repeat.h"}) + kernel_signature(name, count, threads) +
           fmt::format(" {{\n  td::repeat<{}, {}, {}>(w);\n}}\n", bits_type(item_bytes), axes, index_type(narrow)) +
           kernel_end();
  };
  into.add(launch{std::make_shared<kernel>(kernel{key, name, count, threads, text}), std::move(words),
                  (elements + threads - 1) / threads, true});
}

}  // namespace tandem::cuda
