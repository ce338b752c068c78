#include "cuda/runtime/block_pool.h"

#include <algorithm>
#include <limits>

namespace tandem::cuda {

block_pool::block_pool(gpu& where) : where_(where) {
  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
  where_.check(cudaMemGetInfo(&free_bytes, &total_bytes), "make a memory pool");
  total_bytes_ = static_cast<std::int64_t>(total_bytes);
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.handleTypes = cudaMemHandleTypeNone;
  properties.location.type = cudaMemLocationTypeDevice;
  properties.location.id = where.index();
  where_.check(cudaMemPoolCreate(&pool_, &properties), "make a memory pool");
  // By default a pool gives everything back whenever a stream is waited for, and asks the system for it again.
  std::uint64_t threshold = std::numeric_limits<std::uint64_t>::max();
  where_.check(cudaMemPoolSetAttribute(pool_, cudaMemPoolAttrReleaseThreshold, &threshold), "make a memory pool");
}

std::byte* block_pool::try_allocate(std::int64_t size_bytes, cudaStream_t stream) {
  // What never fits, CUDA may take for a wrong argument.
  if (size_bytes > total_bytes_) return nullptr;
  void* block = nullptr;
  const std::size_t size = static_cast<std::size_t>(std::max<std::int64_t>(size_bytes, 1));
  const cudaError_t status = cudaMallocFromPoolAsync(&block, size, pool_, stream);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    return nullptr;
  }
  where_.check(status, "allocate memory");
  count(size_bytes);
  return static_cast<std::byte*>(block);
}

void block_pool::release(std::byte* block, std::int64_t size_bytes, cudaStream_t stream) noexcept {
  count(-size_bytes);
  where_.accept(cudaFreeAsync(block, stream), "free memory");
}

void block_pool::count(std::int64_t size_bytes) noexcept {
  const std::int64_t now = in_use_.fetch_add(size_bytes, std::memory_order_relaxed) + size_bytes;
  std::int64_t most = peak_.load(std::memory_order_relaxed);
  while (most < now && !peak_.compare_exchange_weak(most, now, std::memory_order_relaxed)) {
  }
}

std::int64_t block_pool::attribute(cudaMemPoolAttr which) {
  std::uint64_t value = 0;
  where_.check(cudaMemPoolGetAttribute(pool_, which, &value), "ask for what memory is in use");
  return static_cast<std::int64_t>(value);
}

std::int64_t block_pool::cached_bytes() {
  const std::int64_t reserved = attribute(cudaMemPoolAttrReservedMemCurrent);
  return std::max<std::int64_t>(0, reserved - attribute(cudaMemPoolAttrUsedMemCurrent));
}

std::int64_t block_pool::trim() noexcept {
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  const char* const operation = "give memory back";
  if (!where_.accept(cudaMemPoolGetAttribute(pool_, cudaMemPoolAttrReservedMemCurrent, &before), operation)) return 0;
  if (!where_.accept(cudaMemPoolTrimTo(pool_, 0), operation)) return 0;
  if (!where_.accept(cudaMemPoolGetAttribute(pool_, cudaMemPoolAttrReservedMemCurrent, &after), operation)) return 0;
  return before > after ? static_cast<std::int64_t>(before - after) : 0;
}

}  // namespace tandem::cuda
