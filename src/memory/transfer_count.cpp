#include "memory/transfer_count.h"

#include <atomic>

#include <tandem/devices.h>

namespace tandem {

namespace {

constinit std::atomic<std::int64_t> copies_to_devices{0};
constinit std::atomic<std::int64_t> bytes_to_devices{0};
constinit std::atomic<std::int64_t> copies_to_host{0};
constinit std::atomic<std::int64_t> bytes_to_host{0};
constinit std::atomic<std::int64_t> hits{0};

}  // namespace

transfer_count transfers_so_far() noexcept {
  return {copies_to_devices.load(), bytes_to_devices.load(), copies_to_host.load(), bytes_to_host.load(), hits.load()};
}

namespace memory {

void count_to_device(std::int64_t size_bytes) noexcept {
  copies_to_devices.fetch_add(1, std::memory_order_relaxed);
  bytes_to_devices.fetch_add(size_bytes, std::memory_order_relaxed);
}

void count_to_host(std::int64_t size_bytes) noexcept {
  copies_to_host.fetch_add(1, std::memory_order_relaxed);
  bytes_to_host.fetch_add(size_bytes, std::memory_order_relaxed);
}

void count_hit() noexcept { hits.fetch_add(1, std::memory_order_relaxed); }

}  // namespace memory

}  // namespace tandem
