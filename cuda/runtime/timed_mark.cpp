#include "cuda/runtime/timed_mark.h"

#include "cuda/runtime/process.h"

namespace tandem::cuda {

cudaEvent_t timing_events::take() {
  {
    const std::lock_guard lock(guard_);
    if (!free_.empty()) {
      const cudaEvent_t found = free_.back();
      free_.pop_back();
      return found;
    }
    // So that giving it back needs no memory.
    free_.reserve(++made_);
  }
  cudaEvent_t made = nullptr;
  where_.check(cudaEventCreateWithFlags(&made, cudaEventDefault), "make an event");
  return made;
}

void timing_events::give_back(cudaEvent_t event) noexcept {
  if (!may_call_cuda()) return;  // a thread of the parent's may have had the lock
  const std::lock_guard lock(guard_);
  free_.push_back(event);
}

bool timed_mark::is_reached() const noexcept {
  gpu& where = events_.where();
  if (!where.is_usable()) return true;  // never, which counts the same
  try {
    const gpu_scope scope(where, "look how far the work is");
    const cudaError_t status = cudaEventQuery(event_);
    if (status != cudaErrorNotReady) {
      // An error that is not the device's says nothing of the work.
      return where.accept(status, "look how far the work is") || !where.is_usable();
    }
    cudaGetLastError();
    return false;
  } catch (...) {
    return !where.is_usable();
  }
}

void timed_mark::wait() const {
  gpu& where = events_.where();
  const gpu_scope scope(where, "wait for work");
  where.check(cudaEventSynchronize(event_), "wait for work");
}

std::optional<double> timed_mark::since_us(const timed_mark& begin) const noexcept {
  gpu& where = events_.where();
  const char* const operation = "ask for a time";
  const cudaError_t status = cudaEventQuery(event_);
  if (status == cudaErrorNotReady) {
    cudaGetLastError();
    return std::nullopt;
  }
  float milliseconds = 0;
  if (!where.accept(status, operation) ||
      !where.accept(cudaEventElapsedTime(&milliseconds, begin.event_, event_), operation)) {
    return std::nullopt;
  }
  return 1e3 * static_cast<double>(milliseconds);
}

}  // namespace tandem::cuda
