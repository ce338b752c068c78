#include <algorithm>
#include <vector>

#include "backend/cpu/stages.h"
#include "backend/cpu/tiles.h"
#include "core/strided.h"
#include "runtime/workers.h"

namespace tandem::backend {

void run_stage(const ops::repeat_stage& stage, const stage_context& context) {
  const dims& shape = stage.target.at.shape;
  const std::int64_t elements = core::size_of(shape);
  if (elements == 0) return;
  const std::int64_t made = shape[stage.axis];
  const std::int64_t extent = stage.x.at.shape[stage.axis];
  std::int64_t inner = 1;
  for (int i = stage.axis + 1; i < shape.size(); ++i) inner *= shape[i];
  const std::int64_t rows = elements / inner;
  const std::int64_t item_bytes = item_size(stage.type);
  const std::byte* const from = context.data(stage.x);
  std::byte* const to = context.data(stage.target);
  const auto* const ends = reinterpret_cast<const std::int64_t*>(context.data(stage.ends)) + stage.ends.at.offset;
  const std::int64_t step = stage.ends.at.strides[0];

  // The position whose copies cover place `at` of the result: the first that ends behind it.
  const auto position_of = [&](std::int64_t at) {
    std::int64_t low = 0;
    std::int64_t high = extent - 1;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if (ends[middle * step] > at) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  };

  const int workers = context.workers();
  std::vector<scratch> tiles;
  for (int i = 0; i < workers; ++i) tiles.emplace_back(tile_elements * largest_item_bytes);
  runtime::parallel_for(rows, workers, [&](std::int64_t begin, std::int64_t end, int number) {
    std::byte* const tile = tiles[static_cast<std::size_t>(number)].data();
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t source = (row / made * extent + position_of(row % made)) * inner;
      for (std::int64_t done = 0; done < inner; done += tile_elements) {
        const std::int64_t count = std::min(tile_elements, inner - done);
        core::gather(from, stage.x.at, item_bytes, source + done, count, tile);
        core::scatter(tile, to, stage.target.at, item_bytes, row * inner + done, count);
      }
    }
    context.advance((end - begin) * inner);
  });
}

}  // namespace tandem::backend
