#include "backend/cpu/block_by_block.h"

#include <algorithm>
#include <span>
#include <variant>
#include <vector>

#include "backend/cpu/elementwise.h"
#include "backend/cpu/tiles.h"
#include "core/layout.h"
#include "runtime/caches.h"

namespace tandem::backend {

namespace {

detail::layout narrowed(detail::layout at, int axis, std::int64_t begin, std::int64_t end) {
  at.offset += begin * at.strides[axis];
  at.shape[axis] = end - begin;
  return at;
}

void narrow(ops::fused_chain& chain, int axis, std::int64_t begin, std::int64_t end) {
  chain.shape[axis] = end - begin;
  for (ops::region& source : chain.sources) source.at = narrowed(source.at, axis, begin, end);
}

// The chain's axis that is the result's first one.
int first_kept(const ops::reduce_stage& of) {
  int axis = 0;
  while (of.axes.contains(axis)) ++axis;
  return axis;
}

ops::reduce_stage part_of(ops::reduce_stage of, std::int64_t begin, std::int64_t end) {
  narrow(of.chain, first_kept(of), begin, end);
  of.target.at.shape[0] = end - begin;
  of.target.at = core::contiguous(of.target.at.shape);
  return of;
}

ops::matmul_stage part_of(ops::matmul_stage of, std::int64_t begin, std::int64_t end) {
  of.x.at = narrowed(of.x.at, 0, begin, end);
  if (of.target.at.shape.size() > 2) of.y.at = narrowed(of.y.at, 0, begin, end);
  of.target.at.shape[0] = end - begin;
  of.target.at = core::contiguous(of.target.at.shape);
  return of;
}

// Operations for each element of the result: where there are many, a pass over the result is nothing.
std::int64_t depth_of(const ops::stage& of) {
  if (const auto* const matmul = std::get_if<ops::matmul_stage>(&of)) return matmul->x.at.shape.back();
  const auto& reduce = std::get<ops::reduce_stage>(of);
  return core::size_of(reduce.chain.shape) / std::max<std::int64_t>(1, core::size_of(reduce.target.at.shape));
}

}  // namespace

std::unique_ptr<const block_by_block> block_by_block::of(const ops::program& what, std::size_t number) {
  if (number + 1 >= what.stages.size()) return nullptr;
  const ops::stage& first = what.stages[number];
  const auto* const second = std::get_if<ops::elementwise_stage>(&what.stages[number + 1]);
  const bool is_producer =
      std::holds_alternative<ops::reduce_stage>(first) || std::holds_alternative<ops::matmul_stage>(first);
  if (second == nullptr || !is_producer) return nullptr;
  const ops::region& made = std::visit([](const auto& of) -> const ops::region& { return of.target; }, first);
  const ops::buffer& between = what.buffers[static_cast<std::size_t>(made.buffer)];
  if (between.use != ops::buffer::role::temporary || between.last_stage != static_cast<int>(number) + 1 ||
      made.at.shape.empty() || made.at.offset != 0 || !core::is_contiguous(made.at) ||
      core::size_of(made.at.shape) != between.size) {
    return nullptr;
  }
  for (const ops::region& source : second->chain.sources) {
    if (source.buffer != made.buffer) continue;
    if (source.at.shape != made.at.shape || source.at.offset != 0 || !core::is_contiguous(source.at)) return nullptr;
  }
  // A pass over what is larger than a share of the last-level cache goes to memory. Blocks of 2 MiB stay in it, and
  // take long enough that forks do not count.
  constexpr std::int64_t block_bytes = std::int64_t{2} << 20;
  constexpr std::int64_t most_depth = 256;
  const std::int64_t bytes = between.size * item_size(between.type);
  if (bytes < runtime::last_level_cache_bytes() / 4 || depth_of(first) > most_depth) return nullptr;
  // Whole tiles of rows: a reduction is cut as it is for all of them.
  const std::int64_t rows = made.at.shape[0];
  std::int64_t block_rows = std::max<std::int64_t>(1, block_bytes / (bytes / rows));
  if (made.at.shape.size() == 1) block_rows = block_rows / tile_elements * tile_elements;
  if (std::holds_alternative<ops::matmul_stage>(first)) block_rows = std::max<std::int64_t>(block_rows, 64);
  if (block_rows == 0 || block_rows >= rows) return nullptr;
  return std::unique_ptr<const block_by_block>(new block_by_block(first, *second, between, block_rows));
}

void block_by_block::run(const stage_context& context) const {
  const ops::region& made = std::visit([](const auto& of) -> const ops::region& { return of.target; }, first_);
  const std::int64_t rows = made.at.shape[0];
  const std::int64_t row_bytes = between_.size / rows * item_size(between_.type);
  const scratch block(block_rows_ * row_bytes);
  std::vector<operand> operands(context.given.operands.begin(), context.given.operands.end());
  operands[static_cast<std::size_t>(made.buffer)].data = block.data();
  const stage_context inside{{operands, context.given.numbers}, context.rules, context.planned_workers};
  for (std::int64_t begin = 0; begin < rows; begin += block_rows_) {
    const std::int64_t end = std::min(begin + block_rows_, rows);
    if (const auto* const reduce = std::get_if<ops::reduce_stage>(&first_)) {
      run_stage(part_of(*reduce, begin, end), inside);
    } else {
      run_stage(part_of(std::get<ops::matmul_stage>(first_), begin, end), inside);
    }
    ops::elementwise_stage after = second_;
    narrow(after.chain, 0, begin, end);
    for (ops::region& source : after.chain.sources) {
      if (source.buffer == made.buffer) source.at = core::contiguous(source.at.shape);
    }
    after.target.at = narrowed(after.target.at, 0, begin, end);
    elementwise_plan(after).run(inside);
  }
}

}  // namespace tandem::backend
