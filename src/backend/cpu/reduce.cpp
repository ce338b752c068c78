#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "backend/cpu/axis_split.h"
#include "backend/cpu/stages.h"
#include "backend/cpu/tiles.h"
#include "core/strided.h"
#include "runtime/workers.h"

// A reduction is a tree of element-wise combinations. Inside a tile, the later half of the rows is combined into the
// earlier half until one row is left; rows of tiles are combined pairwise by a binary counter; chunks of tiles pairwise
// again. The tree depends on shapes and strides only, so results have the same bits for every number of workers, and
// rounding errors grow with the depth of the tree, the logarithm of the number of elements.
namespace tandem::backend {

namespace {

class row_combiner {
 public:
  row_combiner(kernels::map_kernel combine, std::int64_t item_bytes) : combine_(combine), item_bytes_(item_bytes) {}

  // Combines `rows` rows of `width` elements into the first. `spare` has room for all of them and may be the rows.
  const std::byte* rows_to_one(const std::byte* rows, std::int64_t count, std::int64_t width, std::byte* spare) const {
    while (count > 1) {
      const std::int64_t half = (count + 1) / 2;
      const std::byte* in[] = {rows, rows + half * width * item_bytes_};
      combine_(in, spare, (count - half) * width);
      if (rows != spare && half != count - half) {
        const std::int64_t middle = (half - 1) * width * item_bytes_;
        std::memcpy(spare + middle, rows + middle, static_cast<std::size_t>(width * item_bytes_));
      }
      rows = spare;
      count = half;
    }
    return rows;
  }

  void into(std::byte* earlier, const std::byte* later, std::int64_t width) const {
    const std::byte* in[] = {earlier, later};
    combine_(in, earlier, width);
  }

 private:
  kernels::map_kernel combine_;
  std::int64_t item_bytes_;
};

// Combines any number of rows pairwise: level i holds a row that stands for 2^i pushed ones.
class cascade {
 public:
  cascade(const row_combiner& combiner, std::int64_t row_bytes, std::int64_t most_rows)
      : combiner_(combiner),
        row_bytes_(row_bytes),
        levels_(static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(most_rows))) * row_bytes) {}

  void push(const std::byte* row, std::int64_t width, std::int64_t item_bytes) {
    std::uint64_t level = 0;
    for (; (held_ >> level & 1) != 0; ++level) {
      combiner_.into(at(level), row, width);
      row = at(level);
    }
    std::memcpy(at(level), row, static_cast<std::size_t>(width * item_bytes));
    ++held_;
  }

  const std::byte* finish(std::int64_t width) {
    auto level = static_cast<std::uint64_t>(std::countr_zero(held_));
    const std::byte* result = at(level);
    for (++level; held_ >> level != 0; ++level) {
      if ((held_ >> level & 1) == 0) continue;
      combiner_.into(at(level), result, width);
      result = at(level);
    }
    held_ = 0;
    return result;
  }

 private:
  std::byte* at(std::uint64_t level) const { return levels_.data() + static_cast<std::int64_t>(level) * row_bytes_; }

  const row_combiner& combiner_;
  std::int64_t row_bytes_;
  scratch levels_;
  std::uint64_t held_ = 0;
};

void fill_with_identity(const ops::reduce_stage& stage, const stage_context& context) {
  const dtype type = stage.chain.type;
  const std::int64_t elements = core::size_of(stage.target.at.shape);
  const scratch tile(tile_elements * largest_item_bytes);
  const int identity = ops::info(stage.which).identity;
  fill(tile.data(), type, type == dtype::bool_ ? scalar(identity != 0) : scalar(identity), tile_elements);
  for (std::int64_t first = 0; first < elements; first += tile_elements) {
    core::scatter(tile.data(), context.data(stage.target), stage.target.at, item_size(type), first,
                  std::min(tile_elements, elements - first));
  }
}

}  // namespace

void run_stage(const ops::reduce_stage& stage, const stage_context& context) {
  if (core::size_of(stage.target.at.shape) == 0) return;
  // Nothing to reduce; the other extents may multiply past 64 bits.
  if (core::size_of(stage.chain.shape) == 0) {
    fill_with_identity(stage, context);
    return;
  }
  const axis_split split = split_axes(stage.chain, stage.axes);
  const tile_plan plan(stage.chain, context.operands, split.order);
  const std::int64_t item_bytes = plan.item_bytes();
  const row_combiner combiner(kernels::map(ops::info(stage.which).combine, plan.type()), item_bytes);

  const detail::layout target = reordered(stage.target.at, result_order(split.kept, stage.axes));
  std::byte* const base = context.data(stage.target);

  const work_grid grid(split, tile_elements, 16);
  const std::int64_t row_bytes = grid.row_width * item_bytes;
  const scratch partials(grid.chunks > 1 ? grid.items * grid.chunks * row_bytes : 0);
  const int workers = workers_for(core::size_of(stage.chain.shape), static_cast<std::int64_t>(stage.chain.code.size()),
                                  context.workers);
  const auto tile_workers = make_workers(plan, workers);
  std::vector<scratch> spares;
  std::vector<cascade> cascades;
  for (int i = 0; i < workers; ++i) {
    spares.emplace_back(tile_elements * largest_item_bytes);
    cascades.emplace_back(combiner, row_bytes, grid.rows_a_chunk / grid.rows_a_step);
  }

  const auto width_of = [&](std::int64_t item) { return std::min(grid.row_width, split.inner - grid.column_of(item)); };
  const auto store = [&](std::int64_t item, const std::byte* row) {
    core::scatter(row, base, target, item_bytes, grid.outer_of(item) * split.inner + grid.column_of(item),
                  width_of(item));
  };

  runtime::parallel_for(grid.items * grid.chunks, workers, [&](std::int64_t begin, std::int64_t end, int number) {
    const auto me = static_cast<std::size_t>(number);
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t item = unit / grid.chunks;
      const std::int64_t chunk = unit % grid.chunks;
      const std::int64_t width = width_of(item);
      const std::int64_t row_end = std::min(split.middle, (chunk + 1) * grid.rows_a_chunk);
      for (std::int64_t row = chunk * grid.rows_a_chunk; row < row_end; row += grid.rows_a_step) {
        const std::int64_t rows = std::min(grid.rows_a_step, row_end - row);
        const std::int64_t first = (grid.outer_of(item) * split.middle + row) * split.inner + grid.column_of(item);
        const std::byte* tile = tile_workers[me]->values(first, rows * width);
        cascades[me].push(combiner.rows_to_one(tile, rows, width, spares[me].data()), width, item_bytes);
        context.advance(rows * width);
      }
      const std::byte* result = cascades[me].finish(width);
      if (grid.chunks == 1) {
        store(item, result);
      } else {
        // An item's rows lie one after the other, also where its last row is narrower than the others'.
        std::byte* to = partials.data() + item * grid.chunks * row_bytes + chunk * width * item_bytes;
        std::memcpy(to, result, static_cast<std::size_t>(width * item_bytes));
      }
    }
  });
  if (grid.chunks > 1) {
    for (std::int64_t item = 0; item < grid.items; ++item) {
      std::byte* rows = partials.data() + item * grid.chunks * row_bytes;
      store(item, combiner.rows_to_one(rows, grid.chunks, width_of(item), rows));
    }
  }
}

}  // namespace tandem::backend
