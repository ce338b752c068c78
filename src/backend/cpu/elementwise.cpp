#include <algorithm>
#include <cstring>

#include "backend/cpu/stages.h"
#include "backend/cpu/tiles.h"
#include "core/strided.h"
#include "runtime/workers.h"

namespace tandem::backend {

namespace {

// Work on at most a tile of elements that lie one after the other, without a plan: most of what a plan does is more
// than the work itself. Registers are on the stack.
class small_work {
 public:
  // False if the stage is not of this kind; nothing is written then.
  static bool run(const ops::elementwise_stage& stage, const stage_context& context, std::int64_t elements) {
    const ops::fused_chain& chain = stage.chain;
    const std::size_t registers =
        chain.sources.size() + chain.constants.size() + static_cast<std::size_t>(chain.scratch_registers);
    if (elements > tile_elements || registers > most_registers || !core::is_contiguous(stage.target.at)) return false;
    const std::int64_t register_bytes = (elements * largest_item_bytes + 63) / 64 * 64;
    if (static_cast<std::int64_t>(registers) * register_bytes > stack_bytes) return false;

    alignas(64) std::byte memory[stack_bytes];
    const std::byte* current[most_registers];
    const auto own = [&](std::size_t i) { return memory + static_cast<std::int64_t>(i) * register_bytes; };
    for (std::size_t i = 0; i < chain.sources.size(); ++i) {
      const ops::region& from = chain.sources[i];
      const std::int64_t item_bytes = item_size(chain.source_types[i]);
      if (core::is_contiguous(from.at)) {
        current[i] = context.data(from) + from.at.offset * item_bytes;
      } else if (is_one_element(from.at)) {
        // A copy of it, because the target may be the same element.
        core::gather(context.data(from), {dims{elements}, dims{0}, from.at.offset}, item_bytes, 0, elements, own(i));
        current[i] = own(i);
      } else {
        return false;
      }
    }
    std::size_t next = chain.sources.size();
    for (const ops::program_constant& constant : chain.constants) {
      fill(own(next), constant.type, constant.value, elements);
      current[next] = own(next);
      ++next;
    }
    std::byte* const target = context.data(stage.target) + stage.target.at.offset * item_size(chain.type);
    if (chain.code.empty()) {
      std::memmove(target, current[chain.result], static_cast<std::size_t>(elements * item_size(chain.type)));
    }
    for (std::size_t i = 0; i < chain.code.size(); ++i) {
      const ops::instruction& step = chain.code[i];
      const std::byte* in[3];
      for (int k = 0; k < step.arity; ++k) in[k] = current[step.operands[k]];
      const auto result = static_cast<std::size_t>(step.result);
      std::byte* const out = i + 1 == chain.code.size() ? target : own(result);
      kernel_of(step)(in, out, elements);
      current[result] = out;
    }
    context.advance(elements);
    return true;
  }

 private:
  static constexpr std::size_t most_registers = 24;
  static constexpr std::int64_t stack_bytes = 8192;

  static bool is_one_element(const detail::layout& at) {
    for (int axis = 0; axis < at.shape.size(); ++axis) {
      if (at.strides[axis] != 0 && at.shape[axis] != 1) return false;
    }
    return true;
  }
};

}  // namespace

void run_stage(const ops::elementwise_stage& stage, const stage_context& context) {
  const std::int64_t elements = core::size_of(stage.chain.shape);
  if (elements == 0 || small_work::run(stage, context, elements)) return;
  const dims order = core::by_stride(stage.target.at.strides);  // the target is written as it lies in memory
  const tile_plan plan(stage.chain, context.operands, order);
  const detail::layout target = reordered(stage.target.at, order);
  const bool contiguous = core::is_contiguous(target);
  std::byte* const base = context.data(stage.target);
  const std::int64_t item_bytes = plan.item_bytes();

  const std::int64_t tiles = (elements + tile_elements - 1) / tile_elements;
  const int workers = workers_for(elements, static_cast<std::int64_t>(stage.chain.code.size()), context.rules);
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
