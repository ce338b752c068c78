#include "cuda/runtime/gpu.h"

#include <fmt/format.h>

#include <tandem/errors.h>

#include "cuda/runtime/errors.h"
#include "cuda/runtime/process.h"

namespace tandem::cuda {

namespace {

int attribute(cudaDeviceAttr which, int index, const std::string& name) {
  int value = 0;
  const cudaError_t status = cudaDeviceGetAttribute(&value, which, index);
  if (status == cudaSuccess) return value;
  cudaGetLastError();
  throw device_error(fmt::format("{}: its properties cannot be asked for ({})", name, describe(status)));
}

}  // namespace

gpu::gpu(int index) : index_(index), name_(fmt::format("gpu:{}", index)) {
  architecture_ = 10 * attribute(cudaDevAttrComputeCapabilityMajor, index, name_) +
                  attribute(cudaDevAttrComputeCapabilityMinor, index, name_);
  multiprocessors_ = attribute(cudaDevAttrMultiProcessorCount, index, name_);
  reads_host_pages_ = attribute(cudaDevAttrPageableMemoryAccess, index, name_) != 0;
  if (attribute(cudaDevAttrMemoryPoolsSupported, index, name_) == 0) {
    throw device_error(
        fmt::format("{}: its driver gives out no memory in the order of streams, which tandem needs", name_));
  }
}

bool gpu::is_usable() const noexcept { return may_call_cuda() && !has_failed_.load(std::memory_order_acquire); }

void gpu::require_usable(const char* operation) const {
  if (is_usable()) [[likely]]
    return;
  if (is_forked_child()) {
    throw device_error(
        fmt::format("{}: '{}' cannot run in a process that was forked after the GPU was first used; fork "
                    "before that, or start the process anew",
                    name_, operation));
  }
  if (is_exiting()) throw device_error(fmt::format("{}: '{}' cannot run while the process ends", name_, operation));
  const std::lock_guard lock(guard_);
  throw device_error(failure_);
}

void gpu::mark_failed(cudaError_t status, const char* operation) {
  const std::lock_guard lock(guard_);
  if (!failure_.empty()) return;
  const std::string* const last = last_given_.load(std::memory_order_relaxed);
  const bool is_later = last != nullptr && *last != operation;
  failure_ = fmt::format("{} failed in '{}'{} ({}) and cannot be used by this process any more", name_, operation,
                         is_later ? fmt::format(", after '{}' was given to it", *last) : "", describe(status));
  has_failed_.store(true, std::memory_order_release);
}

void gpu::fail(cudaError_t status, const char* operation) {
  // So that the application does not find this error in a call of its own.
  cudaGetLastError();
  if (is_sticky(status)) {
    mark_failed(status, operation);
    const std::lock_guard lock(guard_);
    throw device_error(failure_);
  }
  const std::string text = fmt::format("{}: '{}' failed ({})", name_, operation, describe(status));
  if (status == cudaErrorMemoryAllocation) throw out_of_memory(text);
  throw device_error(text);
}

bool gpu::accept(cudaError_t status, const char* operation) noexcept {
  if (status == cudaSuccess) [[likely]]
    return true;
  cudaGetLastError();
  if (!is_sticky(status)) return false;
  try {
    mark_failed(status, operation);
  } catch (...) {
    // No memory for the text. The next call meets the same error.
  }
  return false;
}

gpu_scope::gpu_scope(gpu& which, const char* operation) : before_(which.index()), during_(which.index()) {
  which.require_usable(operation);
  which.check(cudaGetDevice(&before_), operation);
  if (before_ != during_) which.check(cudaSetDevice(during_), operation);
  // Only now: it makes the current GPU's context if there is none.
  const cudaError_t status = cudaThreadExchangeStreamCaptureMode(&capture_mode_);
  if (status == cudaSuccess) return;
  if (before_ != during_) cudaSetDevice(before_);
  which.check(status, operation);
}

gpu_scope::~gpu_scope() {
  if (!may_call_cuda()) return;
  cudaThreadExchangeStreamCaptureMode(&capture_mode_);
  // An error of this is not the application's either.
  if (before_ != during_ && cudaSetDevice(before_) != cudaSuccess) cudaGetLastError();
}

}  // namespace tandem::cuda
