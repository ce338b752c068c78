#include <algorithm>
#include <vector>

#include "backend/cpu/kernels.h"
#include "backend/cpu/matrix_products.h"
#include "backend/cpu/tiles.h"
#include "core/strided.h"
#include "runtime/workers.h"

namespace tandem::backend {

// Integers wrap, so that the order of additions does not matter: each worker makes whole rows of results, a tile at a
// time.
void integer_products(const batch& all) {
  const ops::matmul_stage& stage = all.stage;
  const std::int64_t item_bytes = item_size(stage.type);
  const kernels::multiply_add_kernel multiply_add = kernels::multiply_add(stage.type);
  const dims& shape = stage.target.at.shape;
  const std::int64_t rows = shape[shape.size() - 2];
  const std::int64_t columns = shape.back();
  const std::int64_t depth = stage.x.at.shape.back();
  const auto row_stride = [](const ops::region& of) { return of.at.strides[of.at.strides.size() - 2]; };
  const auto column_stride = [](const ops::region& of) { return of.at.strides.back(); };
  const std::byte* const x_base = all.context.data(stage.x);
  const std::byte* const y_base = all.context.data(stage.y);
  std::byte* const z_base = all.context.data(stage.target);
  const int workers = all.context.workers();
  std::vector<scratch> sums;
  for (int i = 0; i < workers; ++i) sums.emplace_back(tile_elements * largest_item_bytes);

  runtime::parallel_for(all.size * rows, workers, [&](std::int64_t begin, std::int64_t end, int number) {
    std::byte* const sum = sums[static_cast<std::size_t>(number)].data();
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t row = unit % rows;
      const std::int64_t x_row = all.offset(stage.x, unit / rows) + row * row_stride(stage.x);
      const std::int64_t y_first = all.offset(stage.y, unit / rows);
      const std::int64_t z_row = all.offset(stage.target, unit / rows) + row * row_stride(stage.target);
      for (std::int64_t column = 0; column < columns; column += tile_elements) {
        const std::int64_t count = std::min(tile_elements, columns - column);
        fill(sum, stage.type, scalar(false), count);
        for (std::int64_t k = 0; k < depth; ++k) {
          const std::int64_t y_row = y_first + k * row_stride(stage.y) + column * column_stride(stage.y);
          multiply_add(x_base + (x_row + k * column_stride(stage.x)) * item_bytes, y_base + y_row * item_bytes,
                       column_stride(stage.y), sum, count);
        }
        const detail::layout to{{count}, {column_stride(stage.target)}, z_row + column * column_stride(stage.target)};
        core::scatter(sum, z_base, to, item_bytes, 0, count);
      }
      all.context.advance(columns);
    }
  });
}

}  // namespace tandem::backend
