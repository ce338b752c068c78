#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "backend/cpu/axis_split.h"
#include "backend/cpu/stages.h"
#include "backend/cpu/tiles.h"
#include "core/strided.h"
#include "runtime/workers.h"

// A reduction is a tree of element-wise combinations. Rows are combined eight at a time, or the later half into the
// earlier one, until one row is left; the rows of successive steps are combined pairwise by a binary counter; chunks of
// steps pairwise again. The tree depends on shapes and strides only, so results have the same bits for every number of
// workers, and rounding errors grow with the depth of the tree, the logarithm of the number of elements.
namespace tandem::backend {

namespace {

class row_combiner {
 public:
  row_combiner(ops::reduction which, dtype type)
      : combine_(kernels::map(ops::info(which).combine, type)),
        combine_eight_(kernels::combine_eight(which, type)),
        item_bytes_(item_size(type)) {}

  // Combines `count` rows of `width` elements into the first. `spare` has room for all of them and may be the rows.
  const std::byte* rows_to_one(const std::byte* rows, std::int64_t count, std::int64_t width, std::byte* spare) const {
    while (count > 1) {
      if (count % 8 == 0) {
        count /= 8;
        const std::byte* eight[8];
        for (std::int64_t k = 0; k < 8; ++k) eight[k] = rows + k * count * width * item_bytes_;
        combine_eight_(eight, spare, count * width, 0);
        rows = spare;
        continue;
      }
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

  // Combines up to eight rows that lie anywhere: row k may be at spare + k * width, and nothing else may be in `spare`.
  // What will be read next lies `ahead` elements after each row, unless that is 0.
  const std::byte* eight_to_one(const std::byte** rows, std::int64_t count, std::int64_t width, std::byte* spare,
                                std::int64_t ahead) const {
    if (count == 8) {
      combine_eight_(rows, spare, width, ahead);
      return spare;
    }
    for (std::int64_t half = 0; count > 1; count = half) {
      half = (count + 1) / 2;
      for (std::int64_t k = 0; k + half < count; ++k) {
        std::byte* const out = spare + k * width * item_bytes_;
        const std::byte* in[] = {rows[k], rows[k + half]};
        combine_(in, out, width);
        rows[k] = out;
      }
    }
    return rows[0];
  }

  void into(std::byte* earlier, const std::byte* later, std::int64_t width) const {
    const std::byte* in[] = {earlier, later};
    combine_(in, earlier, width);
  }

 private:
  kernels::map_kernel combine_;
  kernels::combine_eight_kernel combine_eight_;
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

// Many results of few neighbouring elements each: a tile holds several groups of them.
constexpr std::int64_t longest_group = 128;

void reduce_groups(const ops::reduce_stage& stage, const stage_context& context, const axis_split& split,
                   const tile_plan& plan, const detail::layout& target) {
  const kernels::combine_groups_kernel combine = kernels::combine_groups(stage.which, plan.type());
  const std::int64_t length = split.middle;
  // More at a time where nothing is computed into registers.
  const std::int64_t tiles_at_once = plan.is_in_place() ? 8 : 1;
  const std::int64_t groups_at_once = tiles_at_once * tile_elements / length;
  const std::int64_t parts = (split.outer + groups_at_once - 1) / groups_at_once;
  const int workers = context.workers();
  const auto tile_workers = make_workers(plan, context.given, workers);
  std::vector<scratch> results;
  for (int i = 0; i < workers; ++i) results.emplace_back(groups_at_once * plan.item_bytes());
  std::byte* const base = context.data(stage.target);
  runtime::parallel_for(parts, workers, [&](std::int64_t begin, std::int64_t end, int number) {
    const auto me = static_cast<std::size_t>(number);
    for (std::int64_t part = begin; part < end; ++part) {
      const std::int64_t first = part * groups_at_once;
      const std::int64_t groups = std::min(groups_at_once, split.outer - first);
      const std::byte* const direct = tile_workers[me]->in_place(first * length);
      combine(direct != nullptr ? direct : tile_workers[me]->values(first * length, groups * length), groups, length,
              results[me].data());
      core::scatter(results[me].data(), base, target, plan.item_bytes(), first, groups);
      context.advance(groups * length);
    }
  });
}

// What of a long line of neighbouring elements is one step: enough that what follows its blocks is small beside them.
constexpr std::int64_t line_step = 32 * tile_elements;

// Steps along lines of neighbouring elements: a tile at a time, the rest in groups.
static_assert(kernels::block_elements == tile_elements);

class line_steps {
 public:
  line_steps(ops::reduction which, dtype type)
      : blocks_(kernels::combine_blocks(which, type)),
        groups_(kernels::combine_groups(which, type)),
        item_bytes_(item_size(type)),
        results_(most_results * item_bytes_) {}

  // Combines `count` elements from number `first` on to one. The result is overwritten by the next call.
  const std::byte* step(tile_plan::worker& values, std::int64_t first, std::int64_t count, std::int64_t, std::int64_t) {
    const std::int64_t tiles = count / tile_elements;
    const std::byte* const direct = values.in_place(first);
    if (direct != nullptr) {
      blocks_(direct, tiles, results_.data());
    } else {
      for (std::int64_t tile = 0; tile < tiles; ++tile) {
        blocks_(values.values(first + tile * tile_elements, tile_elements), 1, at(tile));
      }
    }
    std::int64_t made = tiles;
    const std::int64_t rest = count - tiles * tile_elements;
    if (rest > 0) {
      const std::byte* const last = values.values(first + tiles * tile_elements, rest);
      const std::int64_t groups = rest / longest_group;
      const std::int64_t short_group = rest - groups * longest_group;
      if (groups > 0) groups_(last, groups, longest_group, at(made));
      made += groups;
      if (short_group > 0) groups_(last + groups * longest_group * item_bytes_, 1, short_group, at(made++));
    }
    for (; made > 1; made = (made + 7) / 8) {
      if (made >= 8) groups_(results_.data(), made / 8, 8, results_.data());
      if (made % 8 > 0) groups_(at(made / 8 * 8), 1, made % 8, at(made / 8));
    }
    return results_.data();
  }

 private:
  static constexpr std::int64_t most_results = line_step / tile_elements + tile_elements / longest_group + 1;

  std::byte* at(std::int64_t number) const { return results_.data() + number * item_bytes_; }

  kernels::combine_blocks_kernel blocks_;
  kernels::combine_groups_kernel groups_;
  std::int64_t item_bytes_;
  scratch results_;
};

// Rows this wide are fetched one by one, eight to a step; narrower ones, as many as eight tiles hold: a step of 8 rows
// of 100 float64 costs 2.5 times what it should (AMD Zen 5, 2026-11).
constexpr std::int64_t wide_row = tile_elements / 2;
constexpr std::int64_t narrow_step = 8 * tile_elements;

std::int64_t rows_a_step(const axis_split& split) {
  if (split.inner >= wide_row) return 8;
  return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(narrow_step / split.inner)));
}

// Steps across rows.
class row_steps {
 public:
  row_steps(const row_combiner& combiner, const axis_split& split, std::int64_t row_width, std::int64_t item_bytes)
      : combiner_(combiner),
        stride_(split.inner),
        one_by_one_(split.inner >= wide_row),
        item_bytes_(item_bytes),
        spare_((one_by_one_ ? 8 * row_width : narrow_step) * item_bytes) {}

  // Combines rows that begin at element number `first`, after which the chunk has `left` more. The result is
  // overwritten by the next call.
  const std::byte* step(tile_plan::worker& values, std::int64_t first, std::int64_t rows, std::int64_t width,
                        std::int64_t left) {
    std::byte* const spare = spare_.data();
    if (!one_by_one_) {
      return combiner_.rows_to_one(values.many_values(first, rows * width, spare), rows, width, spare);
    }
    const std::byte* eight[8];
    const std::byte* const direct = values.in_place(first);
    for (std::int64_t k = 0; k < rows; ++k) {
      eight[k] = direct != nullptr ? direct + k * stride_ * item_bytes_
                                   : values.values(first + k * stride_, width, spare + k * width * item_bytes_);
    }
    // The next rows of these columns, or the next columns of these rows.
    const std::int64_t ahead = left >= 8 ? 8 * stride_ : width;
    return combiner_.eight_to_one(eight, rows, width, spare, direct != nullptr ? ahead : 0);
  }

 private:
  const row_combiner& combiner_;
  std::int64_t stride_;
  bool one_by_one_;
  std::int64_t item_bytes_;
  scratch spare_;
};

// Whether the rest cannot change the result of a chunk of which this is a part.
bool decides(ops::reduction which, const std::byte* part) {
  if (which == ops::reduction::any) return *reinterpret_cast<const bool*>(part);
  return which == ops::reduction::all && !*reinterpret_cast<const bool*>(part);
}

// Reduces by steps that `make_steps()` gives each worker.
template <class MakeSteps>
void reduce_chunks(const ops::reduce_stage& stage, const stage_context& context, const axis_split& split,
                   const tile_plan& plan, const detail::layout& target, const row_combiner& combiner,
                   const work_grid& grid, MakeSteps make_steps) {
  const std::int64_t item_bytes = plan.item_bytes();
  const std::int64_t row_bytes = grid.row_width * item_bytes;
  const scratch partials(grid.chunks > 1 ? grid.items * grid.chunks * row_bytes : 0);
  const int workers = context.workers();
  const auto tile_workers = make_workers(plan, context.given, workers);
  std::vector<decltype(make_steps())> steps;
  std::vector<cascade> cascades;
  for (int i = 0; i < workers; ++i) {
    steps.push_back(make_steps());
    cascades.emplace_back(combiner, row_bytes, grid.rows_a_chunk / grid.rows_a_step);
  }
  std::byte* const base = context.data(stage.target);
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
      const std::int64_t row_begin = chunk * grid.rows_a_chunk;
      const std::int64_t row_end = std::min(split.middle, row_begin + grid.rows_a_chunk);
      const bool one_step = row_end - row_begin <= grid.rows_a_step;
      const std::byte* result = nullptr;
      for (std::int64_t row = row_begin; row < row_end; row += grid.rows_a_step) {
        const std::int64_t rows = std::min(grid.rows_a_step, row_end - row);
        const std::int64_t first = (grid.outer_of(item) * split.middle + row) * split.inner + grid.column_of(item);
        result = steps[me].step(*tile_workers[me], first, rows, width, row_end - row - rows);
        if (!one_step) cascades[me].push(result, width, item_bytes);
        context.advance(rows * width);
        if (!one_step && width == 1 && decides(stage.which, result)) {
          context.advance(row_end - row - rows);
          break;
        }
      }
      if (!one_step) result = cascades[me].finish(width);
      if (grid.chunks == 1) {
        store(item, result);
      } else {
        // An item's rows lie one after the other, also where its last row is narrower than the others'.
        std::byte* to = partials.data() + item * grid.chunks * row_bytes + chunk * width * item_bytes;
        std::memcpy(to, result, static_cast<std::size_t>(width * item_bytes));
      }
    }
  });
  for (std::int64_t item = 0; grid.chunks > 1 && item < grid.items; ++item) {
    std::byte* rows = partials.data() + item * grid.chunks * row_bytes;
    store(item, combiner.rows_to_one(rows, grid.chunks, width_of(item), rows));
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
  const axis_split split = split_axes(stage.chain, stage.axes, short_runs::stay);
  const tile_plan plan(stage.chain, split.order);
  const detail::layout target = reordered(stage.target.at, result_order(split.kept, stage.axes));
  if (split.inner == 1 && split.middle <= longest_group) {
    reduce_groups(stage, context, split, plan, target);
    return;
  }
  const row_combiner combiner(stage.which, plan.type());
  if (split.inner == 1) {
    const work_grid grid(split, tile_elements, 1, line_step);
    reduce_chunks(stage, context, split, plan, target, combiner, grid,
                  [&] { return line_steps(stage.which, plan.type()); });
  } else {
    const work_grid grid(split, tile_elements, 4, rows_a_step(split));
    reduce_chunks(stage, context, split, plan, target, combiner, grid,
                  [&] { return row_steps(combiner, split, grid.row_width, plan.item_bytes()); });
  }
}

}  // namespace tandem::backend
