#include "cuda/runtime/gpu_memory.h"

#include "cuda/runtime/process.h"

namespace tandem::cuda {

std::byte* gpu_memory::try_allocate(std::int64_t size_bytes) {
  const gpu_scope scope(where_, "allocate memory");
  queue& mine = queues_.current();
  std::byte* const block = pool_.try_allocate(size_bytes, mine.stream());
  if (block != nullptr) mine.gave();  // who waits for this queue may give the block back
  return block;
}

void gpu_memory::release(std::byte* block, std::int64_t size_bytes, std::span<const memory::mark_ptr> uses) noexcept {
  // The system takes everything back at the end of the process, and a child has nothing to give.
  if (!may_call_cuda()) return;
  try {
    const gpu_scope scope(where_, "free memory");
    queue& mine = queues_.current();
    for (const memory::mark_ptr& each : uses) mine.await(static_cast<const queue_mark&>(*each));
    pool_.release(block, size_bytes, mine.stream());
    mine.gave();  // who waits for this queue finds the block in the pool
  } catch (...) {
    // The device has failed, or the order of uses cannot be kept: then the block must not serve others.
    pool_.forget(size_bytes);
  }
}

void gpu_memory::copy_in(const std::byte* from, std::byte* to, std::int64_t size_bytes) {
  const gpu_scope scope(where_, "copy to the device");
  transfers_.copy_in(from, to, size_bytes, queues_.current());
}

void gpu_memory::copy_out(const std::byte* from, std::byte* to, std::int64_t size_bytes) {
  const gpu_scope scope(where_, "copy to the host");
  transfers_.copy_out(from, to, size_bytes, queues_.current());
}

memory::mark_ptr gpu_memory::make_mark() {
  where_.require_usable("mark a point in the work");
  return queues_.current().end();
}

memory::mark_ptr gpu_memory::make_timed_mark() {
  const gpu_scope scope(where_, "mark a point in the work");
  return queues_.current().timed_end(timing_);
}

std::optional<double> gpu_memory::passed_us(const memory::mark& begin, const memory::mark& end) noexcept {
  const auto* const first = dynamic_cast<const timed_mark*>(&begin);
  const auto* const last = dynamic_cast<const timed_mark*>(&end);
  if (first == nullptr || last == nullptr || &first->in() != &last->in() || !where_.is_usable()) return std::nullopt;
  try {
    const gpu_scope scope(where_, "ask for a time");
    return last->since_us(*first);
  } catch (...) {
    return std::nullopt;  // the device failed meanwhile: who uses it next is told
  }
}

void gpu_memory::await(const memory::mark& point) {
  const gpu_scope scope(where_, "wait for other work");
  queues_.current().await(static_cast<const queue_mark&>(point));
}

void gpu_memory::synchronize() { queues_.synchronize("wait for all work"); }

bool gpu_memory::begin_copies() {
  const gpu_scope scope(where_, "copy to the device");
  return queues_.begin_copies();
}

void gpu_memory::use_stream(std::uintptr_t stream) { queues_.use(stream); }

bool gpu_memory::pin(std::byte* begin, std::int64_t size_bytes) noexcept {
  try {
    const gpu_scope scope(where_, "pin memory");
    // For all GPUs of the process. It fails where a page is pinned already, or too much is: copies then take the
    // detour.
    return where_.accept(cudaHostRegister(begin, static_cast<std::size_t>(size_bytes), cudaHostRegisterPortable),
                         "pin memory");
  } catch (...) {
    return false;
  }
}

void gpu_memory::unpin(std::byte* begin, std::int64_t) noexcept {
  if (!may_call_cuda()) return;
  try {
    const gpu_scope scope(where_, "unpin memory");
    where_.accept(cudaHostUnregister(begin), "unpin memory");
  } catch (...) {  // of a device that has failed, nothing more is asked
  }
}

memory::device_memory_information gpu_memory::information() {
  const gpu_scope scope(where_, "ask for what memory is in use");
  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
  where_.check(cudaMemGetInfo(&free_bytes, &total_bytes), "ask for what memory is in use");
  return {static_cast<std::int64_t>(total_bytes), static_cast<std::int64_t>(free_bytes), pool_.in_use_bytes(),
          pool_.peak_bytes(), pool_.cached_bytes()};
}

std::int64_t gpu_memory::trim() noexcept {
  if (!where_.is_usable()) return 0;
  try {
    const gpu_scope scope(where_, "give memory back");
    // A freed block is the pool's when its stream has come to it.
    queues_.synchronize("give memory back");
    return pool_.trim();
  } catch (...) {
    return 0;
  }
}

}  // namespace tandem::cuda
