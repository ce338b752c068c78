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

tile_plan::tile_plan(const ops::fused_chain& chain, const iteration& visited)
    : type_(chain.type),
      constants_(chain.constants),
      steps_(steps_of(chain)),
      scratch_registers_(chain.scratch_registers),
      result_(chain.result) {
  writes_rows_ = visited.is_in_blocks();
  sources_.reserve(chain.sources.size());
  for (std::size_t i = 0; i < chain.sources.size(); ++i) {
    const ops::region& from = chain.sources[i];
    const bool many = visited.size() != 1;
    source bound{from.buffer, visited.seen(from.at), item_size(chain.source_types[i]), many, false, nullptr};
    if (visited.turns(from.at)) bound.transpose = kernels::transpose(bound.item_bytes);
    for (int axis = 0; axis < bound.at.shape.size(); ++axis) {
      bound.constant = bound.constant && (bound.at.strides[axis] == 0 || bound.at.shape[axis] == 1);
    }
    bound.contiguous = core::is_contiguous(bound.at);
    held_registers_ += bound.is_in_place() ? 0 : 1;
    writes_rows_ = writes_rows_ && (bound.constant || bound.transpose != nullptr || bound.at.strides.back() == 1);
    sources_.push_back(bound);
  }
  is_tileless_ = steps_.size() == 1 && held_registers_ == 0 && constants_.empty();
  held_registers_ += static_cast<std::int64_t>(constants_.size()) + scratch_registers_;
}

namespace {

std::int64_t in_lines(std::int64_t bytes) {
  return (bytes + memory::block_alignment_bytes - 1) / memory::block_alignment_bytes * memory::block_alignment_bytes;
}

}  // namespace

std::int64_t tile_plan::worker_bytes(std::int64_t most_elements) const noexcept {
  static_assert(sizeof(std::byte*) == sizeof(std::int64_t));
  const auto pointers = static_cast<std::int64_t>((2 * sources_.size() + 2 * register_count()) * sizeof(std::byte*));
  return in_lines(pointers) + held_registers_ * in_lines(most_elements * largest_item_bytes);
}

tile_plan::worker::worker(const tile_plan& plan, const arguments& given)
    : plan_(plan), memory_(plan.worker_bytes(tile_elements)) {
  use(given, tile_elements, memory_.data());
}

tile_plan::worker::worker(const tile_plan& plan, const arguments& given, std::int64_t most_elements, std::byte* memory)
    : plan_(plan) {
  use(given, most_elements, memory);
}

void tile_plan::worker::use(const arguments& given, std::int64_t most_elements, std::byte* memory) {
  const std::size_t source_count = plan_.sources_.size();
  const std::size_t count = plan_.register_count();
  bases_ = reinterpret_cast<const std::byte**>(memory);
  current_ = bases_ + source_count;
  registers_ = const_cast<std::byte**>(current_ + count);
  row_steps_ = reinterpret_cast<std::int64_t*>(registers_ + count);
  std::byte* next = memory + plan_.worker_bytes(0);
  const std::int64_t register_bytes = in_lines(most_elements * largest_item_bytes);
  for (std::size_t i = 0; i < count; ++i) {
    registers_[i] = nullptr;
    if (i < source_count) {
      const source& from = plan_.sources_[i];
      bases_[i] = given.operands[static_cast<std::size_t>(from.buffer)].data;
      if (from.is_in_place()) continue;
    }
    registers_[i] = next;
    current_[i] = next;
    next += register_bytes;
    if (i < source_count && plan_.sources_[i].constant) {
      // Read once, here: while the work runs, the target may be the same element.
      const source& from = plan_.sources_[i];
      const detail::layout all{dims{most_elements}, dims{0}, from.at.offset};
      core::gather(bases_[i], all, from.item_bytes, 0, most_elements, registers_[i]);
    } else if (i >= source_count && i < source_count + plan_.constants_.size()) {
      const ops::program_constant& number = plan_.constants_[i - source_count];
      fill(registers_[i], number.type, given.numbers[static_cast<std::size_t>(number.number)], most_elements);
    }
  }
}

const std::byte* tile_plan::worker::compute(std::int64_t first, std::int64_t count, std::byte* into, bool streams) {
  const bool copies_only = plan_.steps_.empty();
  for (std::size_t i = 0; i < plan_.sources_.size(); ++i) {
    const source& from = plan_.sources_[i];
    if (from.constant) continue;
    const std::byte* direct = from.contiguous ? bases_[i] + (from.at.offset + first) * from.item_bytes
                                              : core::contiguous_run(bases_[i], from.at, from.item_bytes, first, count);
    if (direct == nullptr) {
      std::byte* to = copies_only && into != nullptr && !streams ? into : registers_[i];
      if (from.transpose != nullptr) {
        fetch_turned(from, first, to);
      } else {
        core::gather(bases_[i], from.at, from.item_bytes, first, count, to);
      }
      direct = to;
    }
    current_[i] = direct;
  }
  return run_steps(count, into, streams);
}

const std::byte* tile_plan::worker::run_steps(std::int64_t count, std::byte* into, bool streams) {
  for (std::size_t i = 0; i < plan_.steps_.size(); ++i) {
    const step& next = plan_.steps_[i];
    const std::byte* in[step::most_operands];
    for (int k = 0; k < next.arity; ++k) in[k] = current_[next.operands[k]];
    std::byte* out = registers_[next.result];
    kernels::map_kernel kernel = next.kernel;
    if (i + 1 == plan_.steps_.size() && into != nullptr && (!streams || next.streaming != nullptr)) {
      out = into;
      if (streams) kernel = next.streaming;
    }
    kernel(in, out, count);
    current_[next.result] = out;
  }
  return current_[plan_.result_];
}

void tile_plan::worker::fetch_turned(const source& from, std::int64_t first, std::byte* to) const {
  const int rank = from.at.shape.size();
  const std::byte* const base = bases_[&from - plan_.sources_.data()];
  from.transpose(base + core::offset_of(from.at, first) * from.item_bytes, from.at.strides[rank - 1],
                 from.at.shape[rank - 2], from.at.shape[rank - 1], to);
}

void tile_plan::worker::write_block(std::int64_t first, std::byte* into, std::int64_t row_step, bool streams) {
  const dims& shape = plan_.sources_.front().at.shape;
  const std::int64_t rows = shape[shape.size() - 2];
  const std::int64_t columns = shape.back();
  for (std::size_t i = 0; i < plan_.sources_.size(); ++i) {
    const source& from = plan_.sources_[i];
    if (from.constant) continue;
    if (from.transpose != nullptr) {
      fetch_turned(from, first, registers_[i]);
      current_[i] = registers_[i];
      row_steps_[i] = columns * from.item_bytes;
    } else {
      current_[i] = bases_[i] + core::offset_of(from.at, first) * from.item_bytes;
      row_steps_[i] = from.at.strides[shape.size() - 2] * from.item_bytes;
    }
  }
  const std::int64_t row_bytes = columns * plan_.item_bytes();
  for (std::int64_t row = 0; row < rows; ++row, into += row_step) {
    const std::byte* const made = run_steps(columns, into, streams);
    if (made != into) {
      if (streams) {
        kernels::stream_copy(made, into, row_bytes);
      } else {
        std::memcpy(into, made, static_cast<std::size_t>(row_bytes));
      }
    }
    for (std::size_t i = 0; i < plan_.sources_.size(); ++i) {
      if (!plan_.sources_[i].constant) current_[i] += row_steps_[i];
    }
  }
}

const std::byte* tile_plan::worker::many_values(std::int64_t first, std::int64_t count, std::byte* into) {
  if (const std::byte* const direct = in_place(first)) return direct;
  const std::int64_t item_bytes = plan_.item_bytes();
  for (std::int64_t done = 0; done < count; done += tile_elements) {
    const std::int64_t part = std::min(tile_elements, count - done);
    std::byte* const to = into + done * item_bytes;
    const std::byte* const made = values(first + done, part, to);
    if (made != to) std::memcpy(to, made, static_cast<std::size_t>(part * item_bytes));
  }
  return into;
}

const std::byte* tile_plan::worker::in_place(std::int64_t first) const noexcept {
  if (!plan_.is_in_place()) return nullptr;
  const source& from = plan_.sources_.front();
  return bases_[0] + (from.at.offset + first) * from.item_bytes;
}

std::vector<std::unique_ptr<tile_plan::worker>> make_workers(const tile_plan& plan, const arguments& given, int count) {
  std::vector<std::unique_ptr<tile_plan::worker>> workers;
  workers.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) workers.push_back(std::make_unique<tile_plan::worker>(plan, given));
  return workers;
}

}  // namespace tandem::backend
