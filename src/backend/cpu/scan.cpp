#include <algorithm>
#include <cstring>
#include <vector>

#include "backend/cpu/axis_split.h"
#include "backend/cpu/stages.h"
#include "backend/cpu/tiles.h"
#include "core/strided.h"
#include "runtime/workers.h"

// A scan goes along the worked axis with one carried row for each item. Few long items are cut into chunks: first each
// chunk's total is found by scanning it, then the totals become the rows that the chunks start from, then the chunks
// are scanned. The cuts depend on shapes and strides only, so results have the same bits for every number of workers.
namespace tandem::backend {

namespace {

// Running values along rows of `width` elements, from a carried row that it updates.
class row_scanner {
 public:
  row_scanner(const ops::scan_stage& stage, std::int64_t item_bytes)
      : combine_(kernels::map(ops::info(stage.which).combine, stage.chain.type)),
        scan_(kernels::scan(stage.which, stage.chain.type)),
        item_bytes_(item_bytes) {}

  void operator()(const std::byte* rows, std::int64_t count, std::int64_t width, std::byte* carry,
                  std::byte* out) const {
    if (width == 1) {
      scan_(rows, carry, out, count);
      return;
    }
    const std::int64_t row_bytes = width * item_bytes_;
    for (std::int64_t row = 0; row < count; ++row) {
      const std::byte* in[] = {carry, rows + row * row_bytes};
      combine_(in, out + row * row_bytes, width);
      carry = out + row * row_bytes;
    }
  }

  // The same where nothing came before: the first row is its own total. To start from the neutral element instead would
  // lose the sign of a zero and, in complex products, make nan of infinity times 0.
  void start(const std::byte* rows, std::int64_t count, std::int64_t width, std::byte* carry, std::byte* out) const {
    const std::int64_t row_bytes = width * item_bytes_;
    std::memcpy(carry, rows, static_cast<std::size_t>(row_bytes));
    std::memcpy(out, rows, static_cast<std::size_t>(row_bytes));
    if (count > 1) (*this)(rows + row_bytes, count - 1, width, carry, out + row_bytes);
  }

  // total = combine(before, total)
  void combine(const std::byte* before, std::byte* total, std::int64_t width) const {
    const std::byte* in[] = {before, total};
    combine_(in, total, width);
  }

 private:
  kernels::map_kernel combine_;
  kernels::scan_kernel scan_;
  std::int64_t item_bytes_;
};

}  // namespace

void run_stage(const ops::scan_stage& stage, const stage_context& context) {
  const std::int64_t elements = core::size_of(stage.chain.shape);
  if (elements == 0) return;
  const axis_split split = split_axes(stage.chain, {stage.axis});
  const tile_plan plan(stage.chain, split.order);
  const std::int64_t item_bytes = plan.item_bytes();
  const row_scanner scanner(stage, item_bytes);
  const detail::layout target = reordered(stage.target.at, split.order);
  std::byte* const base = context.data(stage.target);

  const work_grid grid(split, tile_elements, 64);
  const std::int64_t row_bytes = grid.row_width * item_bytes;
  const std::int64_t units = grid.items * grid.chunks;
  const int workers = context.workers();
  // The carried row of each unit, or, where items are not cut, of the unit that a worker is at: there may be as many
  // items as elements.
  const bool cut = grid.chunks > 1;
  const std::int64_t slots = cut ? units : workers;
  const scratch carried(slots * row_bytes);
  const auto tile_workers = make_workers(plan, context.given, workers);
  std::vector<scratch> outs;
  for (int i = 0; i < workers; ++i) outs.emplace_back(tile_elements * largest_item_bytes);

  const auto width_of = [&](std::int64_t item) { return std::min(grid.row_width, split.inner - grid.column_of(item)); };
  // Scans a chunk from its carried row, if one was carried to it, and leaves the last row there.
  const auto scan_chunk = [&](std::int64_t unit, std::size_t me, bool carries, bool stores) {
    const std::int64_t item = unit / grid.chunks;
    const std::int64_t chunk = unit % grid.chunks;
    const std::int64_t width = width_of(item);
    std::byte* carry = carried.data() + (cut ? unit : static_cast<std::int64_t>(me)) * row_bytes;
    const std::int64_t row_end = std::min(split.middle, (chunk + 1) * grid.rows_a_chunk);
    for (std::int64_t row = chunk * grid.rows_a_chunk; row < row_end; row += grid.rows_a_step) {
      const std::int64_t rows = std::min(grid.rows_a_step, row_end - row);
      const std::int64_t first = (grid.outer_of(item) * split.middle + row) * split.inner + grid.column_of(item);
      const std::byte* tile = tile_workers[me]->values(first, rows * width);
      std::byte* out = outs[me].data();
      if (carries || row > chunk * grid.rows_a_chunk) {
        scanner(tile, rows, width, carry, out);
      } else {
        scanner.start(tile, rows, width, carry, out);
      }
      std::memcpy(carry, out + (rows - 1) * width * item_bytes, static_cast<std::size_t>(width * item_bytes));
      if (stores) {
        core::scatter(out, base, target, item_bytes, first, rows * width);
        context.advance(rows * width);
      }
    }
  };

  if (cut) {
    runtime::parallel_for(units, workers, [&](std::int64_t begin, std::int64_t end, int number) {
      for (std::int64_t unit = begin; unit < end; ++unit)
        scan_chunk(unit, static_cast<std::size_t>(number), false, false);
    });
    // Totals to starting rows: each chunk starts from what all before it add up to.
    for (std::int64_t item = 0; item < grid.items; ++item) {
      const std::int64_t width = width_of(item);
      std::byte* rows = carried.data() + item * grid.chunks * row_bytes;
      for (std::int64_t chunk = 1; chunk < grid.chunks; ++chunk) {
        scanner.combine(rows + (chunk - 1) * row_bytes, rows + chunk * row_bytes, width);
      }
      for (std::int64_t chunk = grid.chunks - 1; chunk > 0; --chunk) {
        std::memcpy(rows + chunk * row_bytes, rows + (chunk - 1) * row_bytes,
                    static_cast<std::size_t>(width * item_bytes));
      }
    }
  }
  runtime::parallel_for(units, workers, [&](std::int64_t begin, std::int64_t end, int number) {
    for (std::int64_t unit = begin; unit < end; ++unit) {
      scan_chunk(unit, static_cast<std::size_t>(number), unit % grid.chunks > 0, true);
    }
  });
}

}  // namespace tandem::backend
