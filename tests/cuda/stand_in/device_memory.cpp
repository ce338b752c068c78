#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "codegen/emulator/memory.h"
#include "cuda/stand_in/gpu.h"
#include "cuda/stand_in/state.h"

// Memory of the device, pinned memory of the host, and copies.
namespace tandem::testing::stand_in {

namespace {

/// A block of the device's, which knows where its last user is.
struct device_block {
  guarded_memory memory;
  std::size_t size = 0;
  bool is_free = false;
  cudaStream_t freed_in = nullptr;
  /// The stream has come to where it was freed.
  bool is_idle = true;
  std::uint64_t uses = 0;
};

struct memory_state {
  std::map<std::byte*, std::unique_ptr<device_block>> blocks;
  std::int64_t in_use = 0;
  std::int64_t peak = 0;
  std::int64_t reserved = 0;
  std::map<const std::byte*, std::pair<std::size_t, std::unique_ptr<std::byte[]>>> pinned;
};

memory_state& memory() {
  static memory_state& made = *new memory_state;
  return made;
}

constexpr std::byte spoilt{0xdb};

void count(std::int64_t bytes) {
  memory().in_use += bytes;
  memory().peak = std::max(memory().peak, memory().in_use);
}

/// The block that has all of the range; a failure of the test if there is none.
bool is_on_device(const void* begin, std::size_t size) {
  const auto* const from = static_cast<const std::byte*>(begin);
  auto at = memory().blocks.upper_bound(const_cast<std::byte*>(from));
  if (at == memory().blocks.begin()) return false;
  --at;
  return from + size <= at->first + at->second->size;
}

std::byte* take(std::size_t size, cudaStream_t stream) {
  for (auto& [address, block] : memory().blocks) {
    // A block serves the stream that freed it at once, another one when that stream has come to where it was freed.
    if (!block->is_free || block->size != size || (!block->is_idle && block->freed_in != stream)) continue;
    block->is_free = false;
    ++block->uses;
    count(static_cast<std::int64_t>(size));
    return address;
  }
  const auto bytes = static_cast<std::int64_t>(size);
  if (bytes > memory_bytes - memory().reserved) return nullptr;
  auto made = std::make_unique<device_block>();
  made->memory = guarded_memory(bytes);
  made->size = size;
  std::byte* const address = made->memory.data();
  memory().blocks.emplace(address, std::move(made));
  memory().reserved += bytes;
  count(bytes);
  return address;
}

}  // namespace

bool is_pinned(const void* begin, std::size_t size) {
  const auto* const from = static_cast<const std::byte*>(begin);
  auto at = memory().pinned.upper_bound(from);
  if (at == memory().pinned.begin()) return false;
  --at;
  return from + size <= at->first + at->second.first;
}

}  // namespace tandem::testing::stand_in

using namespace tandem::testing::stand_in;

extern "C" {

cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps* properties) {
  TANDEM_STAND_IN_CALL;
  EXPECT_EQ(properties->location.id, 0);
  *pool = reinterpret_cast<cudaMemPool_t>(&memory());
  return cudaSuccess;
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr attribute, void*) {
  TANDEM_STAND_IN_CALL;
  return attribute == cudaMemPoolAttrReleaseThreshold ? cudaSuccess : failed(cudaErrorInvalidValue);
}

cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t, cudaMemPoolAttr attribute, void* value) {
  TANDEM_STAND_IN_CALL;
  auto& into = *static_cast<std::uint64_t*>(value);
  if (attribute == cudaMemPoolAttrReservedMemCurrent) {
    into = static_cast<std::uint64_t>(memory().reserved);
  } else if (attribute == cudaMemPoolAttrUsedMemCurrent) {
    into = static_cast<std::uint64_t>(memory().in_use);
  } else {
    return failed(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t) {
  TANDEM_STAND_IN_CALL;
  std::erase_if(memory().blocks, [](const auto& each) {
    const bool goes = each.second->is_free && each.second->is_idle;
    if (goes) memory().reserved -= static_cast<std::int64_t>(each.second->size);
    return goes;
  });
  return cudaSuccess;
}

cudaError_t cudaMallocFromPoolAsync(void** block, size_t size, cudaMemPool_t, cudaStream_t stream) {
  TANDEM_STAND_IN_CALL;
  *block = take(size, resolve(stream));
  return *block == nullptr ? failed(cudaErrorMemoryAllocation) : cudaSuccess;
}

cudaError_t cudaFreeAsync(void* block, cudaStream_t stream) {
  TANDEM_STAND_IN_CALL;
  const auto found = memory().blocks.find(static_cast<std::byte*>(block));
  if (found == memory().blocks.end() || found->second->is_free) {
    ADD_FAILURE() << "a block is freed that is none";
    return failed(cudaErrorInvalidValue);
  }
  device_block& freed = *found->second;
  freed.is_free = true;
  freed.is_idle = false;
  freed.freed_in = resolve(stream);
  count(-static_cast<std::int64_t>(freed.size));
  give(freed.freed_in, [&freed, uses = freed.uses] {
    EXPECT_TRUE(freed.memory.is_intact()) << "something was written beside a block of " << freed.size << " bytes";
    std::memset(freed.memory.data(), static_cast<int>(spoilt), freed.size);
    if (freed.uses == uses) freed.is_idle = true;
  });
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** block, size_t size) {
  TANDEM_STAND_IN_CALL;
  TANDEM_STAND_IN_FORBIDDEN_IN_CAPTURES;
  // Not counted: it is what the module has beside its pool.
  auto made = std::make_unique<device_block>();
  made->memory = tandem::testing::guarded_memory(static_cast<std::int64_t>(size));
  made->size = size;
  *block = made->memory.data();
  memory().blocks.emplace(made->memory.data(), std::move(made));
  return cudaSuccess;
}

cudaError_t cudaFree(void* block) {
  TANDEM_STAND_IN_CALL;
  TANDEM_STAND_IN_FORBIDDEN_IN_CAPTURES;
  if (block == nullptr) return cudaSuccess;
  drain_all();
  memory().blocks.erase(static_cast<std::byte*>(block));
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total_bytes) {
  TANDEM_STAND_IN_CALL;
  *total_bytes = memory_bytes;
  *free_bytes = static_cast<size_t>(memory_bytes - memory().reserved);
  return cudaSuccess;
}

cudaError_t cudaHostAlloc(void** block, size_t size, unsigned) {
  TANDEM_STAND_IN_CALL;
  TANDEM_STAND_IN_FORBIDDEN_IN_CAPTURES;
  auto made = std::make_unique<std::byte[]>(size);
  *block = made.get();
  const std::byte* const address = made.get();
  memory().pinned.emplace(address, std::pair(size, std::move(made)));
  return cudaSuccess;
}

cudaError_t cudaFreeHost(void* block) {
  TANDEM_STAND_IN_CALL;
  TANDEM_STAND_IN_FORBIDDEN_IN_CAPTURES;
  drain_all();
  memory().pinned.erase(static_cast<std::byte*>(block));
  return cudaSuccess;
}

cudaError_t cudaHostRegister(void* begin, size_t size, unsigned flags) {
  TANDEM_STAND_IN_CALL;
  TANDEM_STAND_IN_FORBIDDEN_IN_CAPTURES;
  EXPECT_EQ(flags, static_cast<unsigned>(cudaHostRegisterPortable));
  if (is_pinned(begin, 0)) return failed(cudaErrorHostMemoryAlreadyRegistered);
  memory().pinned.emplace(static_cast<std::byte*>(begin), std::pair(size, nullptr));
  return cudaSuccess;
}

cudaError_t cudaHostUnregister(void* begin) {
  TANDEM_STAND_IN_CALL;
  TANDEM_STAND_IN_FORBIDDEN_IN_CAPTURES;
  drain_all();
  return memory().pinned.erase(static_cast<std::byte*>(begin)) == 1 ? cudaSuccess
                                                                    : failed(cudaErrorHostMemoryNotRegistered);
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* address) {
  TANDEM_STAND_IN_CALL;
  *attributes = {};
  attributes->type = is_pinned(address, 1) ? cudaMemoryTypeHost : cudaMemoryTypeUnregistered;
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t size, cudaMemcpyKind kind, cudaStream_t handle) {
  TANDEM_STAND_IN_CALL;
  const cudaStream_t stream = resolve(handle);
  const bool is_in = kind == cudaMemcpyHostToDevice;
  if (!is_in && kind != cudaMemcpyDeviceToHost) return failed(cudaErrorInvalidValue);
  EXPECT_TRUE(is_on_device(is_in ? to : from, size)) << "a copy of " << size << " bytes goes beside a block";
  const void* const on_host = is_in ? from : to;
  // CUDA does not copy what is pinned in part.
  if (is_pinned(on_host, 1) && !is_pinned(on_host, size)) return failed(cudaErrorInvalidValue);
  if (is_pinned(on_host, size) || (is_in && reads_host_pages())) {
    give(stream, [=] { std::memcpy(to, from, size); });
  } else if (is_in) {
    const auto* const begin = static_cast<const std::byte*>(from);
    give(stream,
         [to, taken = std::vector<std::byte>(begin, begin + size)] { std::memcpy(to, taken.data(), taken.size()); });
  } else {
    give(stream, [=] { std::memcpy(to, from, size); });
    drain(stream);
  }
  return cudaSuccess;
}

}  // extern "C"
