#include <algorithm>

#include "backend/cpu/stages.h"
#include "backend/cpu/tiles.h"
#include "core/strided.h"
#include "runtime/workers.h"

namespace tandem::backend {

void run_stage(const ops::elementwise_stage& stage, const stage_context& context) {
  const std::int64_t elements = core::size_of(stage.chain.shape);
  if (elements == 0) return;
  const dims order = core::by_stride(stage.target.at.strides);  // the target is written as it lies in memory
  const tile_plan plan(stage.chain, context.operands, order);
  const detail::layout target = reordered(stage.target.at, order);
  const bool contiguous = core::is_contiguous(target);
  std::byte* const base = context.data(stage.target);
  const std::int64_t item_bytes = plan.item_bytes();

  const std::int64_t tiles = (elements + tile_elements - 1) / tile_elements;
  const int workers = workers_for(elements, static_cast<std::int64_t>(stage.chain.code.size()), context.workers);
  const auto scratch_of = make_workers(plan, workers);
  runtime::parallel_for(tiles, workers, [&](std::int64_t begin, std::int64_t end, int number) {
    tile_plan::worker& worker = *scratch_of[static_cast<std::size_t>(number)];
    constexpr std::int64_t report_every = 256 * tile_elements;
    std::int64_t unreported = 0;
    for (std::int64_t tile = begin; tile < end; ++tile) {
      const std::int64_t first = tile * tile_elements;
      const std::int64_t count = std::min(tile_elements, elements - first);
      std::byte* direct = contiguous
                              ? base + (target.offset + first) * item_bytes
                              : const_cast<std::byte*>(core::contiguous_run(base, target, item_bytes, first, count));
      const std::byte* values = worker.values(first, count, direct);
      if (values != direct) core::scatter(values, base, target, item_bytes, first, count);
      unreported += count;
      if (unreported < report_every) continue;
      context.advance(unreported);
      unreported = 0;
    }
    context.advance(unreported);
  });
}

}  // namespace tandem::backend
