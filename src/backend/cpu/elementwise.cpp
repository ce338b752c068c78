#include "backend/cpu/elementwise.h"

#include <algorithm>
#include <bit>

#include "core/strided.h"
#include "runtime/caches.h"
#include "runtime/workers.h"

namespace tandem::backend {

elementwise_plan::elementwise_plan(const ops::elementwise_stage& stage)
    : order_(core::by_stride(stage.target.at.strides)),  // the target is written as it lies in memory
      plan_(stage.chain, order_),
      target_buffer_(stage.target.buffer),
      target_(reordered(stage.target.at, order_)),
      elements_(core::size_of(stage.chain.shape)),
      contiguous_(core::is_contiguous(target_)),
      outgrows_caches_(plan_.source_bytes() + elements_ * plan_.item_bytes() > runtime::last_level_cache_bytes()) {}

void elementwise_plan::run(const stage_context& context) const {
  if (elements_ == 0) return;
  std::byte* const base = context.operands[static_cast<std::size_t>(target_buffer_)].data;
  // Lines that are overwritten whole need not be read first, and nothing that stays in the caches would be found there.
  const auto first_byte = std::bit_cast<std::uintptr_t>(base + target_.offset * plan_.item_bytes());
  const output to{base, outgrows_caches_ && contiguous_ && first_byte % memory::block_alignment_bytes == 0};

  const int workers = workers_for(static_cast<double>(elements_) * plan_.element_ns(), context.rules);
  if (workers == 1) {
    // Little work has its registers on the stack.
    constexpr std::int64_t stack_bytes = 8192;
    const std::int64_t most_elements = std::min(elements_, tile_elements);
    const std::int64_t bytes = plan_.worker_bytes(most_elements);
    alignas(memory::block_alignment_bytes) std::byte on_stack[stack_bytes];
    const scratch elsewhere(bytes <= stack_bytes ? 0 : bytes);
    tile_plan::worker worker(plan_, context.operands, most_elements,
                             bytes <= stack_bytes ? on_stack : elsewhere.data());
    run_range(worker, to, 0, elements_, context);
    return;
  }
  const auto tile_workers = make_workers(plan_, context.operands, workers);
  const std::int64_t tiles = (elements_ + tile_elements - 1) / tile_elements;
  runtime::parallel_for(tiles, workers, [&](std::int64_t begin, std::int64_t end, int number) {
    run_range(*tile_workers[static_cast<std::size_t>(number)], to, begin * tile_elements,
              std::min(end * tile_elements, elements_), context);
  });
}

void elementwise_plan::run_range(tile_plan::worker& worker, const output& to, std::int64_t begin, std::int64_t end,
                                 const stage_context& context) const {
  constexpr std::int64_t report_every = 256 * tile_elements;
  const std::int64_t item_bytes = plan_.item_bytes();
  const std::int64_t most = contiguous_ && plan_.is_tileless(to.streams) ? report_every : tile_elements;
  std::int64_t unreported = 0;
  for (std::int64_t first = begin; first < end; first += most) {
    const std::int64_t count = std::min(most, end - first);
    std::byte* const direct =
        contiguous_ ? to.base + (target_.offset + first) * item_bytes
                    : const_cast<std::byte*>(core::contiguous_run(to.base, target_, item_bytes, first, count));
    if (to.streams) {
      worker.stream_values(first, count, direct);
    } else {
      const std::byte* const values = worker.values(first, count, direct);
      if (values != direct) core::scatter(values, to.base, target_, item_bytes, first, count);
    }
    unreported += count;
    if (unreported < report_every) continue;
    context.advance(unreported);
    unreported = 0;
  }
  context.advance(unreported);
  if (to.streams) kernels::finish_streaming();
}

}  // namespace tandem::backend
