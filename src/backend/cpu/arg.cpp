#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "backend/cpu/axis_split.h"
#include "backend/cpu/stages.h"
#include "backend/cpu/tiles.h"
#include "core/strided.h"
#include "runtime/workers.h"

// argmax and argmin go along rows of candidates with the best of each column. Where rows are short, as many as fill
// some registers are one row with several columns for each; a line of neighbours is the extreme case, rows of one
// element.
namespace tandem::backend {

namespace {

// All axes as the middle group, in row-major order: there positions are counted in it.
axis_split all_in_order(const ops::fused_chain& chain) {
  axis_split split;
  for (int axis = 0; axis < chain.shape.size(); ++axis) split.order.push_back(axis);
  split.middle = core::size_of(chain.shape);
  return split;
}

// What is read at once.
constexpr std::int64_t block_elements = 8 * tile_elements;

// How many rows are one: as many as make whole AVX-512 registers, and four of them if they are short.
std::int64_t rows_joined(const work_grid& grid, std::int64_t item_bytes) {
  constexpr std::int64_t register_bytes = 64;
  const std::int64_t row_bytes = grid.row_width * item_bytes;
  std::int64_t joined = std::max<std::int64_t>(1, register_bytes / (row_bytes & -row_bytes));
  while (2 * joined * row_bytes <= 4 * register_bytes) joined *= 2;
  return std::min(joined, grid.rows_a_step);
}

class row_search {
 public:
  row_search(const ops::arg_stage& stage, const axis_split& split, const tile_plan& plan)
      : loops_(kernels::arg(stage.largest, plan.type())),
        split_(split),
        grid_(split, tile_elements, 16),
        item_bytes_(plan.item_bytes()),
        joined_(rows_joined(grid_, item_bytes_)),
        rows_a_block_(std::min(block_elements / (grid_.row_width * joined_), kernels::arg_kernels::most_rows) *
                      joined_) {}

  const work_grid& grid() const { return grid_; }
  std::int64_t columns() const { return grid_.row_width * joined_; }

  std::int64_t width_of(std::int64_t item) const {
    return std::min(grid_.row_width, split_.inner - grid_.column_of(item));
  }

  // The best of a unit, at the beginning of `best` and `best_at`, which have room for `columns()` elements, as `spare`
  // has for a block.
  void run(tile_plan::worker& values, std::int64_t unit, std::byte* spare, std::byte* best, std::int64_t* best_at,
           const stage_context& context) const {
    const std::int64_t item = unit / grid_.chunks;
    const std::int64_t width = width_of(item);
    const std::int64_t begin = unit % grid_.chunks * grid_.rows_a_chunk;
    const std::int64_t end = std::min(split_.middle, begin + grid_.rows_a_chunk);
    const auto joined =
        std::min(joined_, static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(end - begin))));
    for (std::int64_t row = begin; row < end; row += rows_a_block_) {
      const std::int64_t rows = std::min(rows_a_block_, end - row);
      const std::int64_t first = (grid_.outer_of(item) * split_.middle + row) * split_.inner + grid_.column_of(item);
      const block from = read(values, first, rows, width, spare);
      if (row == begin) {
        std::memcpy(best, from.data, static_cast<std::size_t>(joined * width * item_bytes_));
        std::fill_n(best_at, joined * width, begin / joined);
      }
      const std::int64_t whole = rows / joined;
      const std::int64_t number = row / joined;
      // The next rows of these columns, or these rows' next columns.
      const std::int64_t ahead = row + 2 * rows_a_block_ <= split_.middle ? rows * from.step : width;
      loops_.rows(from.data, whole, joined * from.step, ahead, joined * width, number, best, best_at);
      const std::int64_t rest = rows - whole * joined;
      if (rest > 0) {
        const std::byte* const last = from.data + whole * joined * from.step * item_bytes_;
        loops_.rows(last, 1, from.step, ahead, rest * width, number + whole, best, best_at);
      }
      context.advance(rows * width);
    }
    if (joined > 1) loops_.part(joined, width, best, best_at);
  }

  // Improves the best of one unit by that of a later one.
  void merge(const std::byte* later, const std::int64_t* later_at, std::int64_t width, std::byte* best,
             std::int64_t* best_at) const {
    loops_.merge(later, later_at, width, best, best_at);
  }

 private:
  struct block {
    const std::byte* data;
    std::int64_t step;
  };

  block read(tile_plan::worker& values, std::int64_t first, std::int64_t rows, std::int64_t width,
             std::byte* spare) const {
    if (const std::byte* const direct = values.in_place(first)) return {direct, split_.inner};
    if (width == split_.inner) return {values.many_values(first, rows * width, spare), width};
    for (std::int64_t k = 0; k < rows; ++k) {
      values.many_values(first + k * split_.inner, width, spare + k * width * item_bytes_);
    }
    return {spare, width};
  }

  kernels::arg_kernels loops_;
  const axis_split& split_;
  work_grid grid_;
  std::int64_t item_bytes_;
  std::int64_t joined_;
  std::int64_t rows_a_block_;
};

void search_rows(const ops::arg_stage& stage, const stage_context& context, const axis_split& split,
                 const tile_plan& plan, const detail::layout& target, int workers) {
  const row_search search(stage, split, plan);
  const work_grid& grid = search.grid();
  const std::int64_t units = grid.items * grid.chunks;
  const std::int64_t value_bytes = search.columns() * plan.item_bytes();
  const auto tile_workers = make_workers(plan, context.given, workers);
  std::vector<scratch> spares;
  for (int i = 0; i < workers; ++i) spares.emplace_back(block_elements * plan.item_bytes());
  // The best of each unit, or, where items are not cut, of the unit that a worker is at.
  const std::int64_t slots = grid.chunks > 1 ? units : workers;
  const scratch best_values(slots * value_bytes);
  const scratch best_positions(slots * search.columns() * item_size(dtype::int64));
  const auto value_at = [&](std::int64_t slot) { return best_values.data() + slot * value_bytes; };
  const auto position_at = [&](std::int64_t slot) {
    return reinterpret_cast<std::int64_t*>(best_positions.data()) + slot * search.columns();
  };
  std::byte* const base = context.data(stage.target);
  const auto store = [&](std::int64_t item, std::int64_t slot) {
    core::scatter(reinterpret_cast<const std::byte*>(position_at(slot)), base, target, item_size(dtype::int64),
                  grid.outer_of(item) * split.inner + grid.column_of(item), search.width_of(item));
  };
  runtime::parallel_for(units, workers, [&](std::int64_t begin, std::int64_t end, int number) {
    const auto me = static_cast<std::size_t>(number);
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t slot = grid.chunks > 1 ? unit : number;
      search.run(*tile_workers[me], unit, spares[me].data(), value_at(slot), position_at(slot), context);
      if (grid.chunks == 1) store(unit, slot);
    }
  });
  for (std::int64_t item = 0; grid.chunks > 1 && item < grid.items; ++item) {
    const std::int64_t best = item * grid.chunks;
    for (std::int64_t chunk = 1; chunk < grid.chunks; ++chunk) {
      search.merge(value_at(best + chunk), position_at(best + chunk), search.width_of(item), value_at(best),
                   position_at(best));
    }
    store(item, best);
  }
}

// Many short lines: a block holds several of them.
constexpr std::int64_t longest_group = 128;

void search_groups(const ops::arg_stage& stage, const stage_context& context, const axis_split& split,
                   const tile_plan& plan, const detail::layout& target, int workers) {
  const kernels::arg_kernels loops = kernels::arg(stage.largest, plan.type());
  const std::int64_t groups_a_block = block_elements / split.middle;
  const std::int64_t blocks = (split.outer + groups_a_block - 1) / groups_a_block;
  const auto tile_workers = make_workers(plan, context.given, workers);
  std::vector<scratch> spares;
  std::vector<scratch> results;
  for (int i = 0; i < workers; ++i) {
    spares.emplace_back(block_elements * plan.item_bytes());
    results.emplace_back(groups_a_block * item_size(dtype::int64));
  }
  std::byte* const base = context.data(stage.target);
  runtime::parallel_for(blocks, workers, [&](std::int64_t begin, std::int64_t end, int number) {
    const auto me = static_cast<std::size_t>(number);
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t first = block * groups_a_block;
      const std::int64_t groups = std::min(groups_a_block, split.outer - first);
      const std::int64_t elements = groups * split.middle;
      const std::byte* const values = tile_workers[me]->many_values(first * split.middle, elements, spares[me].data());
      loops.groups(values, groups, split.middle, reinterpret_cast<std::int64_t*>(results[me].data()));
      core::scatter(results[me].data(), base, target, item_size(dtype::int64), first, groups);
      context.advance(elements);
    }
  });
}

}  // namespace

void run_stage(const ops::arg_stage& stage, const stage_context& context) {
  const std::int64_t elements = core::size_of(stage.chain.shape);
  if (elements == 0) return;
  const bool everywhere = stage.axis == ops::every_axis;
  const axis_split split =
      everywhere ? all_in_order(stage.chain) : split_axes(stage.chain, {stage.axis}, short_runs::stay);
  const tile_plan plan(stage.chain, split.order);
  const detail::layout target =
      reordered(stage.target.at, result_order(split.kept, everywhere ? split.order : dims{stage.axis}));
  const int workers = context.workers();
  const bool in_groups = split.inner == 1 && split.middle <= longest_group;
  (in_groups ? search_groups : search_rows)(stage, context, split, plan, target, workers);
}

}  // namespace tandem::backend
