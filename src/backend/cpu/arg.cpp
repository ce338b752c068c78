#include <algorithm>
#include <cstring>

#include "backend/cpu/axis_split.h"
#include "backend/cpu/stages.h"
#include "backend/cpu/tiles.h"
#include "core/strided.h"
#include "runtime/workers.h"

namespace tandem::backend {

namespace {

// All axes as the middle group, in row-major order: there positions are counted in it.
axis_split all_in_order(const ops::fused_chain& chain) {
  axis_split split;
  for (int axis = 0; axis < chain.shape.size(); ++axis) split.order.push_back(axis);
  split.middle = core::size_of(chain.shape);
  return split;
}

}  // namespace

void run_stage(const ops::arg_stage& stage, const stage_context& context) {
  if (core::size_of(stage.chain.shape) == 0) return;
  const bool everywhere = stage.axis == ops::every_axis;
  const axis_split split = everywhere ? all_in_order(stage.chain) : split_axes(stage.chain, {stage.axis});
  const tile_plan plan(stage.chain, split.order);
  const std::int64_t item_bytes = plan.item_bytes();
  const kernels::arg_kernel improve = kernels::arg(stage.largest, plan.type());
  const detail::layout target =
      reordered(stage.target.at, result_order(split.kept, everywhere ? split.order : dims{stage.axis}));
  std::byte* const base = context.data(stage.target);

  const work_grid grid(split, tile_elements, 16);
  const std::int64_t units = grid.items * grid.chunks;
  const int workers = workers_for(core::size_of(stage.chain.shape),
                                  static_cast<std::int64_t>(stage.chain.code.size()) + 1, context.rules);
  const auto tile_workers = make_workers(plan, context.operands, workers);
  // The best of each unit, or, where items are not cut, of the unit that a worker is at.
  const std::int64_t slots = grid.chunks > 1 ? units : workers;
  const scratch best_values(slots * grid.row_width * item_bytes);
  const scratch best_positions(slots * grid.row_width * item_size(dtype::int64));
  const auto value_at = [&](std::int64_t slot) { return best_values.data() + slot * grid.row_width * item_bytes; };
  const auto position_at = [&](std::int64_t slot) {
    return reinterpret_cast<std::int64_t*>(best_positions.data()) + slot * grid.row_width;
  };
  const auto width_of = [&](std::int64_t item) { return std::min(grid.row_width, split.inner - grid.column_of(item)); };
  const auto store = [&](std::int64_t item, std::int64_t slot) {
    core::scatter(reinterpret_cast<const std::byte*>(position_at(slot)), base, target, item_size(dtype::int64),
                  grid.outer_of(item) * split.inner + grid.column_of(item), width_of(item));
  };

  runtime::parallel_for(units, workers, [&](std::int64_t begin, std::int64_t end, int number) {
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t item = unit / grid.chunks;
      const std::int64_t slot = grid.chunks > 1 ? unit : number;
      const std::int64_t width = width_of(item);
      const std::int64_t row_begin = unit % grid.chunks * grid.rows_a_chunk;
      const std::int64_t row_end = std::min(split.middle, row_begin + grid.rows_a_chunk);
      for (std::int64_t row = row_begin; row < row_end; row += grid.rows_a_step) {
        const std::int64_t rows = std::min(grid.rows_a_step, row_end - row);
        const std::int64_t first = (grid.outer_of(item) * split.middle + row) * split.inner + grid.column_of(item);
        const std::byte* tile = tile_workers[static_cast<std::size_t>(number)]->values(first, rows * width);
        if (row == row_begin) {
          std::memcpy(value_at(slot), tile, static_cast<std::size_t>(width * item_bytes));
          std::fill_n(position_at(slot), width, row);
        }
        improve(tile, rows, width, row, nullptr, value_at(slot), position_at(slot));
        context.advance(rows * width);
      }
      if (grid.chunks == 1) store(item, slot);
    }
  });
  if (grid.chunks > 1) {
    for (std::int64_t item = 0; item < grid.items; ++item) {
      const std::int64_t best = item * grid.chunks;
      for (std::int64_t chunk = 1; chunk < grid.chunks; ++chunk) {
        improve(value_at(best + chunk), 1, width_of(item), 0, position_at(best + chunk), value_at(best),
                position_at(best));
      }
      store(item, best);
    }
  }
}

}  // namespace tandem::backend
