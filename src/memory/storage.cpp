#include "memory/storage.h"

#include <fmt/format.h>

#include <cstdlib>
#include <new>
#include <utility>

#include <tandem/errors.h>

namespace tandem::detail {

namespace {

// One cache line, and the widest vector register.
constexpr std::size_t alignment_bytes = 64;

std::atomic<std::int64_t> current_bytes{0};
std::atomic<std::int64_t> peak_bytes{0};

void count_allocation(std::int64_t size_bytes) noexcept {
  const std::int64_t now = current_bytes.fetch_add(size_bytes, std::memory_order_relaxed) + size_bytes;
  std::int64_t peak = peak_bytes.load(std::memory_order_relaxed);
  while (now > peak && !peak_bytes.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

}  // namespace

std::shared_ptr<storage> storage::allocate(std::int64_t size_bytes) {
  void* data = ::operator new(static_cast<std::size_t>(size_bytes), std::align_val_t(alignment_bytes), std::nothrow);
  if (data == nullptr) throw out_of_memory(fmt::format("cannot allocate {} bytes of host memory", size_bytes));
  try {
    std::shared_ptr<storage> result = adopt(data, size_bytes, [data, size_bytes] {
      ::operator delete(data, std::align_val_t(alignment_bytes));
      current_bytes.fetch_sub(size_bytes, std::memory_order_relaxed);
    });
    count_allocation(size_bytes);
    return result;
  } catch (...) {
    ::operator delete(data, std::align_val_t(alignment_bytes));
    throw;
  }
}

std::shared_ptr<storage> storage::adopt(void* data, std::int64_t size_bytes, std::function<void()> release) {
  // Not constructed in the shared_ptr's control block: if that allocation throws, `release` must not run.
  auto* raw = new storage(data, size_bytes, nullptr);
  std::shared_ptr<storage> result(raw);
  result->release_ = std::move(release);
  return result;
}

storage::storage(void* data, std::int64_t size_bytes, std::function<void()> release)
    : data_(static_cast<std::byte*>(data)), size_bytes_(size_bytes), release_(std::move(release)) {}

storage::~storage() {
  if (release_) release_();
}

memory_usage host_memory_usage() noexcept {
  return {current_bytes.load(std::memory_order_relaxed), peak_bytes.load(std::memory_order_relaxed)};
}

void reset_peak_memory_usage() noexcept {
  peak_bytes.store(current_bytes.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

}  // namespace tandem::detail
