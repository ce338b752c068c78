#include <vector>

#include <fmt/format.h>

#include "core/layout.h"
#include "cuda/codegen/chain.h"
#include "cuda/codegen/copy.h"
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

namespace {

// The repetition of elements that lie anywhere.
struct repetition {
  ops::region x;
  ops::region target;
  space over;
  bool narrow;

  explicit repetition(const ops::repeat_stage& what) : x(what.x), target(what.target) {
    dims x_strides = x.at.strides;
    x_strides[what.axis] = 0;
    dims places = dims::filled(x.at.shape.size(), 0);
    places[what.axis] = 1;
    const std::vector<dims> strides{x_strides, target.at.strides, places};
    over = merged(target.at.shape, strides, core::by_stride(target.at.strides));
    // With the distances that the search along the axis adds.
    const space all_of_x = merged(x.at.shape, std::vector<dims>{x.at.strides}, core::by_stride(x.at.strides));
    const space ends = merged({x.at.shape[what.axis]}, std::vector<dims>{what.ends.at.strides}, {0});
    narrow = fits_32_bits(over) && fits_32_bits(all_of_x) && fits_32_bits(ends);
  }
};

// Axes before the repeated one, that one, and those behind it: as many are left of arrays without gaps.
constexpr int most_ready_axes = 3;

}  // namespace

void lower_stage(lowering& into, const ops::repeat_stage& asked) {
  const std::int64_t elements = core::size_of(asked.target.at.shape);
  if (elements == 0) return;
  const std::int64_t item_bytes = item_size(asked.type);
  ops::repeat_stage what = asked;
  const bool copies = into.grain() == granularity::single && repetition(what).over.extents.size() > most_ready_axes;
  if (copies) {
    const auto without_gaps = [&](const ops::region& of) {
      return ops::region{into.temporary(core::size_of(of.at.shape) * item_bytes), core::contiguous(of.at.shape)};
    };
    what.x = without_gaps(asked.x);
    what.target = without_gaps(asked.target);
    into.add(copied(item_bytes, asked.x, what.x));
  }
  const repetition done(what);
  std::vector<word> words{{what.x.at.offset * item_bytes, what.x.buffer},
                          {what.target.at.offset * item_bytes, what.target.buffer},
                          {what.ends.at.offset * item_size(dtype::int64), what.ends.buffer},
                          {elements},
                          {what.x.at.shape[what.axis]},
                          {what.x.at.strides[what.axis]},
                          {what.ends.at.strides[0]}};
  append_space(done.over, 3, words);
  const int axes = done.over.extents.size();
  const bool narrow = done.narrow;
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
  if (copies) into.add(copied(item_bytes, what.target, asked.target));
}

}  // namespace tandem::cuda
