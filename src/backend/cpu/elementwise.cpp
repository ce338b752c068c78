#include "backend/cpu/elementwise.h"

#include <algorithm>
#include <bit>
#include <memory>

#include "core/strided.h"
#include "runtime/caches.h"
#include "runtime/workers.h"

namespace tandem::backend {

namespace {

bool outgrows_caches(const ops::fused_chain& chain) {
  std::int64_t element_bytes = item_size(chain.type);
  for (std::size_t i = 0; i < chain.sources.size(); ++i) {
    const detail::layout& at = chain.sources[i].at;
    bool repeats = false;
    for (int axis = 0; axis < at.shape.size(); ++axis) repeats = repeats || at.strides[axis] == 0;
    if (!repeats) element_bytes += item_size(chain.source_types[i]);
  }
  return core::size_of(chain.shape) > runtime::last_level_cache_bytes() / element_bytes;
}

// Whether the rows of a layout are whole cache lines, if its first element is where one begins.
bool has_whole_lines(const detail::layout& at, std::int64_t item_bytes) {
  const int last = at.shape.size() - 1;
  bool whole = at.shape[last] * item_bytes % memory::block_alignment_bytes == 0;
  for (int axis = 0; axis < last; ++axis) {
    whole = whole && at.strides[axis] * item_bytes % memory::block_alignment_bytes == 0;
  }
  return whole;
}

}  // namespace

elementwise_plan::elementwise_plan(const ops::elementwise_stage& stage) : target_buffer_(stage.target.buffer) {
  if (core::size_of(stage.chain.shape) == 0) return;
  const bool outgrows = outgrows_caches(stage.chain);
  for (const iteration& visited : iteration::of_elementwise(stage.chain, stage.target.at)) {
    parts_.emplace_back(stage, visited, outgrows);
  }
}

void elementwise_plan::run(const stage_context& context) const {
  std::byte* const base = context.given.operands[static_cast<std::size_t>(target_buffer_)].data;
  const int workers = parts_.empty() ? 1 : context.workers();
  if (workers == 1) {
    run_alone(base, context);
  } else {
    run_together(base, workers, context);
  }
}

void elementwise_plan::run_alone(std::byte* base, const stage_context& context) const {
  // Little work has its registers on the stack.
  constexpr std::int64_t stack_bytes = 8192;
  alignas(memory::block_alignment_bytes) std::byte on_stack[stack_bytes];
  std::int64_t bytes = 0;
  for (const part& each : parts_) {
    bytes = std::max(bytes, each.plan.worker_bytes(std::min(each.elements, tile_elements)));
  }
  const scratch elsewhere = bytes <= stack_bytes ? scratch() : scratch(bytes);
  for (const part& each : parts_) {
    tile_plan::worker worker(each.plan, context.given, std::min(each.elements, tile_elements),
                             bytes <= stack_bytes ? on_stack : elsewhere.data());
    each.run(worker, base, 0, each.tiles(), context);
  }
}

void elementwise_plan::run_together(std::byte* base, int workers, const stage_context& context) const {
  std::vector<std::vector<std::unique_ptr<tile_plan::worker>>> workers_of_part;
  std::int64_t tiles = 0;
  for (const part& each : parts_) {
    workers_of_part.push_back(make_workers(each.plan, context.given, workers));
    tiles += each.tiles();
  }
  runtime::parallel_for(tiles, workers, [&](std::int64_t begin, std::int64_t end, int number) {
    std::int64_t before = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const part& each = parts_[i];
      const std::int64_t first = std::max(begin - before, std::int64_t{0});
      const std::int64_t last = std::min(end - before, each.tiles());
      if (first < last) each.run(*workers_of_part[i][static_cast<std::size_t>(number)], base, first, last, context);
      before += each.tiles();
    }
  });
}

elementwise_plan::part::part(const ops::elementwise_stage& stage, const iteration& visited, bool outgrows_caches)
    : elements(visited.size()),
      plan(stage.chain, visited),
      target(visited.seen(stage.target.at)),
      is_contiguous(core::is_contiguous(target)),
      by_rows(plan.writes_rows() && target.strides.back() == 1),
      streams(false) {
  if (!outgrows_caches) return;
  streams = is_contiguous || (by_rows && has_whole_lines(target, plan.item_bytes()));
}

void elementwise_plan::part::run(tile_plan::worker& worker, std::byte* base, std::int64_t begin, std::int64_t end,
                                 const stage_context& context) const {
  constexpr std::int64_t report_every = 256 * tile_elements;
  const std::int64_t item_bytes = plan.item_bytes();
  // Lines that are overwritten whole need not be read first, and nothing that stays in the caches would be found there.
  const auto first_byte = std::bit_cast<std::uintptr_t>(base + target.offset * item_bytes);
  const bool past_caches = streams && first_byte % memory::block_alignment_bytes == 0;
  const std::int64_t most = is_contiguous && plan.is_tileless(past_caches) ? report_every : tile_elements;
  const std::int64_t last = std::min(end * tile_elements, elements);
  std::int64_t unreported = 0;
  for (std::int64_t first = begin * tile_elements; first < last; first += most) {
    const std::int64_t count = std::min(most, last - first);
    if (by_rows) {
      const std::int64_t row_step = target.strides[target.shape.size() - 2] * item_bytes;
      worker.write_block(first, base + core::offset_of(target, first) * item_bytes, row_step, past_caches);
    } else if (past_caches) {
      worker.stream_values(first, count, base + (target.offset + first) * item_bytes);
    } else {
      std::byte* const direct =
          is_contiguous ? base + (target.offset + first) * item_bytes
                        : const_cast<std::byte*>(core::contiguous_run(base, target, item_bytes, first, count));
      const std::byte* const values = worker.values(first, count, direct);
      if (values != direct) core::scatter(values, base, target, item_bytes, first, count);
    }
    unreported += count;
    if (unreported < report_every) continue;
    context.advance(unreported);
    unreported = 0;
  }
  context.advance(unreported);
  if (past_caches) kernels::finish_streaming();
}

}  // namespace tandem::backend
