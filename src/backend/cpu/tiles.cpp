#include "backend/cpu/tiles.h"

#include <algorithm>
#include <cstring>

#include "core/element.h"
#include "core/strided.h"
#include "runtime/workers.h"

namespace tandem::backend {

detail::layout reordered(const detail::layout& at, const dims& order) { return core::permute(at, order); }

void fill(std::byte* to, dtype type, const scalar& value, std::int64_t count) {
  core::visit_dtype(type, [&]<class T>() {
    const T element = value.as<T>();
    std::fill_n(reinterpret_cast<T*>(to), count, element);
  });
}

kernels::map_kernel kernel_of(const ops::instruction& step) {
  return step.converts ? kernels::convert(step.operand_type, step.result_type)
                       : kernels::map(step.which, step.operand_type);
}

int workers_for(std::int64_t elements, std::int64_t steps, const policy& rules) {
  // A fork and join of two workers costs about 1 us here (libomp 19, 2 cores, 2026-11), the work of some thousand
  // elements.
  constexpr std::int64_t worth_a_fork = 32768;
  return elements > worth_a_fork / (steps + 1) ? runtime::workers_of(rules) : 1;
}

tile_plan::tile_plan(const ops::fused_chain& chain, std::span<const operand> operands, const dims& order)
    : type_(chain.type),
      constants_(chain.constants),
      scratch_registers_(chain.scratch_registers),
      result_(chain.result) {
  sources_.reserve(chain.sources.size());
  for (std::size_t i = 0; i < chain.sources.size(); ++i) {
    const ops::region& from = chain.sources[i];
    source bound{operands[static_cast<std::size_t>(from.buffer)].data, reordered(from.at, order),
                 item_size(chain.source_types[i]), true, false};
    for (int axis = 0; axis < bound.at.shape.size(); ++axis) {
      bound.constant = bound.constant && (bound.at.strides[axis] == 0 || bound.at.shape[axis] == 1);
    }
    bound.contiguous = core::is_contiguous(bound.at);
    sources_.push_back(bound);
  }
  steps_.reserve(chain.code.size());
  for (const ops::instruction& code : chain.code) {
    steps_.push_back(
        {kernel_of(code), {code.operands[0], code.operands[1], code.operands[2]}, code.arity, code.result});
  }
}

tile_plan::worker::worker(const tile_plan& plan) : plan_(plan) {
  constexpr std::int64_t register_bytes = tile_elements * largest_item_bytes;
  const std::size_t source_count = plan.sources_.size();
  const std::size_t count = source_count + plan.constants_.size() + static_cast<std::size_t>(plan.scratch_registers_);
  // A source that is always read in place needs no memory of its own.
  const auto in_place = [&](std::size_t i) {
    return i < source_count && plan.sources_[i].contiguous && !plan.sources_[i].constant;
  };
  std::int64_t needed = 0;
  for (std::size_t i = 0; i < count; ++i) needed += in_place(i) ? 0 : register_bytes;
  memory_ = scratch(needed);
  registers_.assign(count, nullptr);
  std::byte* next = memory_.data();
  for (std::size_t i = 0; i < count; ++i) {
    if (in_place(i)) continue;
    registers_[i] = next;
    next += register_bytes;
  }
  current_.assign(registers_.begin(), registers_.end());
  for (std::size_t i = 0; i < source_count; ++i) {
    // Read once, here: while the work runs, the target may be the same element.
    const source& from = plan.sources_[i];
    if (!from.constant) continue;
    const detail::layout all{dims{tile_elements}, dims{0}, from.at.offset};
    core::gather(from.base, all, from.item_bytes, 0, tile_elements, registers_[i]);
  }
  for (std::size_t i = 0; i < plan.constants_.size(); ++i) {
    fill(registers_[source_count + i], plan.constants_[i].type, plan.constants_[i].value, tile_elements);
  }
}

const std::byte* tile_plan::worker::values(std::int64_t first, std::int64_t count, std::byte* into) {
  const bool copies_only = plan_.steps_.empty();
  for (std::size_t i = 0; i < plan_.sources_.size(); ++i) {
    const source& from = plan_.sources_[i];
    if (from.constant) continue;
    const std::byte* direct = from.contiguous ? from.base + (from.at.offset + first) * from.item_bytes
                                              : core::contiguous_run(from.base, from.at, from.item_bytes, first, count);
    if (direct == nullptr) {
      std::byte* to = copies_only && into != nullptr ? into : registers_[i];
      core::gather(from.base, from.at, from.item_bytes, first, count, to);
      direct = to;
    }
    current_[i] = direct;
  }
  for (std::size_t i = 0; i < plan_.steps_.size(); ++i) {
    const step& next = plan_.steps_[i];
    const std::byte* in[3];
    for (int k = 0; k < next.arity; ++k) in[k] = current_[static_cast<std::size_t>(next.operands[k])];
    const auto result = static_cast<std::size_t>(next.result);
    std::byte* out = into != nullptr && i + 1 == plan_.steps_.size() ? into : registers_[result];
    next.kernel(in, out, count);
    current_[result] = out;
  }
  return current_[static_cast<std::size_t>(plan_.result_)];
}

const std::byte* tile_plan::worker::many_values(std::int64_t first, std::int64_t count, std::byte* into) {
  if (const std::byte* const direct = plan_.in_place(first)) return direct;
  const std::int64_t item_bytes = plan_.item_bytes();
  for (std::int64_t done = 0; done < count; done += tile_elements) {
    const std::int64_t part = std::min(tile_elements, count - done);
    std::byte* const to = into + done * item_bytes;
    const std::byte* const made = values(first + done, part, to);
    if (made != to) std::memcpy(to, made, static_cast<std::size_t>(part * item_bytes));
  }
  return into;
}

const std::byte* tile_plan::in_place(std::int64_t first) const noexcept {
  if (!steps_.empty() || sources_.size() != 1) return nullptr;
  const source& from = sources_.front();
  if (!from.contiguous || from.constant) return nullptr;
  return from.base + (from.at.offset + first) * from.item_bytes;
}

std::vector<std::unique_ptr<tile_plan::worker>> make_workers(const tile_plan& plan, int count) {
  std::vector<std::unique_ptr<tile_plan::worker>> workers;
  workers.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) workers.push_back(std::make_unique<tile_plan::worker>(plan));
  return workers;
}

}  // namespace tandem::backend
