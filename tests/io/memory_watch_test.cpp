#include "io/memory_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include <tandem/tandem.h>

#include "io/files.h"

namespace {

std::atomic<std::int64_t> requested{0};

void* allocate(std::size_t size, std::size_t alignment) noexcept {
  requested.fetch_add(static_cast<std::int64_t>(size), std::memory_order_relaxed);
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  if (rounded < size) return nullptr;
  return std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  void* memory = allocate(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

constexpr std::size_t plain = alignof(std::max_align_t);

}  // namespace

// These replace the standard ones in the library too: symbols of the program come first.
void* operator new(std::size_t size) { return allocate_or_throw(size, plain); }
void* operator new[](std::size_t size) { return allocate_or_throw(size, plain); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size, plain); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size, plain); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept { std::free(memory); }

namespace tandem::testing_io {

void memory_watch::start() noexcept { requested = 0; }
std::int64_t memory_watch::requested_bytes() noexcept { return requested; }

namespace {

// Else the limits that other tests check would hold for nothing.
TEST(MemoryWatch, SeesTheLibrarysArrays) {
  memory_watch::start();
  const ndarray a = patterned<double>({1000});
  EXPECT_GE(memory_watch::requested_bytes(), 16'000);  // the values and the array's copy of them
}

}  // namespace
}  // namespace tandem::testing_io
