#pragma once

#include <cuda_runtime_api.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "cuda/runtime/gpu.h"

namespace tandem::cuda {

/// Memory of a GPU in the order of streams: a pool of ours, so that what the application does with the device's own is
/// not our concern, nor the other way round. Freed blocks stay in it until `trim`. Lives as long as the process.
/// Thread safety: any thread. The GPU must be current where a function says so.
class block_pool {
 public:
  /// The GPU must be current. Throws: `device_error`.
  explicit block_pool(gpu& where);
  block_pool(const block_pool&) = delete;
  block_pool& operator=(const block_pool&) = delete;

  /// A block for work on `stream` from now on, aligned to 256 bytes; null if there is not enough memory. The GPU must
  /// be current. Throws: `device_error`.
  std::byte* try_allocate(std::int64_t size_bytes, cudaStream_t stream);
  /// Takes a block back, for after what `stream` was given so far. The GPU must be current.
  void release(std::byte* block, std::int64_t size_bytes, cudaStream_t stream) noexcept;
  /// A block will not be given back, because the device or the process is at its end: it only counts no more.
  void forget(std::int64_t size_bytes) noexcept { count(-size_bytes); }

  /// Bytes that were asked for and not given back, and the most there were.
  std::int64_t in_use_bytes() const noexcept { return in_use_.load(std::memory_order_relaxed); }
  std::int64_t peak_bytes() const noexcept { return peak_.load(std::memory_order_relaxed); }
  /// Bytes that the pool has of the device and that no block uses. The GPU must be current. Throws: `device_error`.
  std::int64_t cached_bytes();

  /// Gives freed blocks back whose streams are done with them; how many bytes. The GPU must be current.
  std::int64_t trim() noexcept;

 private:
  std::int64_t attribute(cudaMemPoolAttr which);
  void count(std::int64_t size_bytes) noexcept;

  gpu& where_;
  cudaMemPool_t pool_ = nullptr;
  std::int64_t total_bytes_ = 0;
  std::atomic<std::int64_t> in_use_{0};
  std::atomic<std::int64_t> peak_{0};
};

}  // namespace tandem::cuda
