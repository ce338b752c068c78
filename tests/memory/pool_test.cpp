#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include <tandem/tandem.h>

#include "memory/host_pool.h"

// Blocks of host memory: sizes, alignment, reuse, the bound, threads, arrays on top of them.

using namespace tandem;
using memory::allocate_block;
using memory::capacity_for;
using memory::free_block;

namespace {

constexpr std::int64_t kib = 1024;
constexpr std::int64_t mib = 1024 * kib;

// Keeping blocks is off in sanitizer builds; here it is what is tested.
class Pool : public testing::Test {
 protected:
  Pool() : limit_before_(host_memory_cache_limit()) {
    set_host_memory_cache_limit(256 * mib);
    trim_host_memory();
  }
  ~Pool() override { set_host_memory_cache_limit(limit_before_); }

 private:
  std::int64_t limit_before_;
};

TEST_F(Pool, CapacitiesHoldTheSizeAndWasteLittle) {
  std::int64_t last = 0;
  for (std::int64_t size = 0; size <= 3 * mib; size += size < 70'000 ? 1 : 997) {
    const std::int64_t capacity = capacity_for(size);
    ASSERT_GE(capacity, std::max<std::int64_t>(size, 1)) << size;
    ASSERT_GE(capacity, last) << size;
    ASSERT_EQ(capacity_for(capacity), capacity) << size;
    if (size <= kib) {
      ASSERT_LT(capacity, size + 64 + (size == 0)) << size;
    } else if (size <= mib) {
      ASSERT_LE(capacity, size + size / 4) << size;
    } else {
      ASSERT_LT(capacity, size + 64 * kib) << size;
    }
    last = capacity;
  }
}

TEST_F(Pool, BlocksAreAlignedAndApart) {
  std::vector<std::pair<std::byte*, std::int64_t>> held;
  for (const std::int64_t size : {0L, 1L, 63L, 64L, 65L, 1000L, 1025L, 16 * kib, 17 * kib, mib, mib + 1, 5 * mib}) {
    for (int copy = 0; copy < 3; ++copy) {
      std::byte* const data = allocate_block(size);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % memory::block_alignment_bytes, 0U) << size;
      std::memset(data, static_cast<int>(held.size()), static_cast<std::size_t>(size));
      held.emplace_back(data, size);
    }
  }
  for (std::size_t i = 0; i < held.size(); ++i) {
    const auto [data, size] = held[i];
    EXPECT_TRUE(std::all_of(data, data + size, [&](std::byte b) { return b == static_cast<std::byte>(i); })) << size;
    free_block(data, size);
  }
}

TEST_F(Pool, FreedBlocksAreUsedAgain) {
  for (const std::int64_t size : {100L, 16 * kib, 17 * kib, mib, 3 * mib, 40 * mib}) {
    std::byte* const first = allocate_block(size);
    free_block(first, size);
    const std::int64_t cached = host_memory().cached_bytes;
    EXPECT_EQ(cached, capacity_for(size)) << size;
    const std::int64_t taken = host_memory().system_allocations;
    std::byte* const second = allocate_block(size - 1);
    EXPECT_EQ(second, first) << size;
    EXPECT_EQ(host_memory().system_allocations, taken) << size;
    EXPECT_EQ(host_memory().cached_bytes, 0) << size;
    free_block(second, size - 1);
    EXPECT_EQ(trim_host_memory(), capacity_for(size)) << size;
    EXPECT_EQ(host_memory().cached_bytes, 0) << size;
  }
}

TEST_F(Pool, ALargeBlockServesOnlyWhatNearlyFillsIt) {
  std::byte* const large = allocate_block(80 * mib);
  free_block(large, 80 * mib);
  std::byte* const much_smaller = allocate_block(40 * mib);
  EXPECT_NE(much_smaller, large);
  std::byte* const nearly = allocate_block(78 * mib);
  EXPECT_EQ(nearly, large);
  free_block(nearly, 78 * mib);
  free_block(much_smaller, 40 * mib);
}

TEST_F(Pool, TheLimitHoldsAndTheOldestGoFirst) {
  set_host_memory_cache_limit(10 * mib);
  std::byte* blocks[4];
  for (std::byte*& each : blocks) each = allocate_block(3 * mib);
  for (std::byte* each : blocks) {
    free_block(each, 3 * mib);
    EXPECT_LE(host_memory().cached_bytes, 10 * mib);
  }
  EXPECT_EQ(host_memory().cached_bytes, 9 * mib);
  EXPECT_EQ(allocate_block(3 * mib), blocks[3]) << "the newest";
  free_block(blocks[3], 3 * mib);
  EXPECT_EQ(trim_host_memory(4 * mib), 6 * mib);
  EXPECT_EQ(host_memory().cached_bytes, 3 * mib);
  std::byte* const too_large = allocate_block(11 * mib);
  free_block(too_large, 11 * mib);
  EXPECT_EQ(host_memory().cached_bytes, 3 * mib) << "a block above the limit is not kept";
  set_host_memory_cache_limit(0);
  EXPECT_EQ(host_memory().cached_bytes, 0);
  free_block(allocate_block(100), 100);
  EXPECT_EQ(host_memory().cached_bytes, 0);
  EXPECT_THROW(set_host_memory_cache_limit(-1), argument_error);
}

TEST_F(Pool, FiguresFollowArrays) {
  const memory_statistics before = host_memory();
  {
    const ndarray a = zeros({1000, 1000});
    EXPECT_EQ(host_memory().in_use_bytes - before.in_use_bytes, 8'000'000);
  }
  EXPECT_EQ(host_memory().in_use_bytes, before.in_use_bytes);
  reset_peak_host_memory();
  EXPECT_EQ(host_memory().peak_bytes, before.in_use_bytes);
  {
    const ndarray a = zeros({10});
  }
  EXPECT_GE(host_memory().peak_bytes, before.in_use_bytes + 80);
}

TEST_F(Pool, RepeatedEvaluationsTakeNothingNew) {
  const ndarray a = ones({300, 1000});
  const ndarray b = ones({1000});
  const auto work = [&] {
    const ndarray c = a * b + 0.5 * a - sum(a, {.axis = 0});
    const ndarray d = matmul(a, a.transposed());
    const ndarray e = cumulative_sum(c, {.axis = 1});
  };
  work();
  const std::int64_t taken = host_memory().system_allocations;
  for (int i = 0; i < 5; ++i) work();
  EXPECT_EQ(host_memory().system_allocations, taken);
}

TEST_F(Pool, TooMuchIsAnErrorThatGivesKeptBlocksBack) {
  std::byte* const kept = allocate_block(50 * mib);
  free_block(kept, 50 * mib);
  const std::int64_t in_use = host_memory().in_use_bytes;
  EXPECT_THROW(allocate_block(std::int64_t{1} << 60), out_of_memory);
  EXPECT_EQ(host_memory().in_use_bytes, in_use);
  EXPECT_EQ(host_memory().cached_bytes, 0);
}

// Blocks wander between threads, and threads end with blocks of their own.
TEST_F(Pool, ManyThreads) {
  const std::int64_t in_use = host_memory().in_use_bytes;
  std::mutex guard;
  std::vector<std::pair<std::byte*, std::int64_t>> shared;
  const auto work = [&](unsigned seed) {
    std::mt19937 random(seed);
    std::vector<std::pair<std::byte*, std::int64_t>> held;
    for (int step = 0; step < 3000; ++step) {
      const std::int64_t size = std::int64_t{1} << random() % 22;
      std::byte* const data = allocate_block(size);
      data[0] = data[size - 1] = static_cast<std::byte>(size % 251);
      held.emplace_back(data, size);
      if (random() % 2 == 0) {
        const std::lock_guard lock(guard);
        std::swap(held.back(), held[random() % held.size()]);
        shared.push_back(held.back());
        held.pop_back();
        std::swap(shared.back(), shared[random() % shared.size()]);
        held.push_back(shared.back());
        shared.pop_back();
      }
      if (held.size() > 20) {
        const auto [gone, bytes] = held[random() % held.size()];
        std::erase_if(held, [&, gone_data = gone](const auto& each) { return each.first == gone_data; });
        ASSERT_EQ(gone[0], static_cast<std::byte>(bytes % 251));
        ASSERT_EQ(gone[bytes - 1], static_cast<std::byte>(bytes % 251));
        free_block(gone, bytes);
      }
    }
    for (const auto& [data, size] : held) free_block(data, size);
  };
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) threads.emplace_back(work, t + 1);
  for (std::thread& each : threads) each.join();
  for (const auto& [data, size] : shared) free_block(data, size);
  EXPECT_EQ(host_memory().in_use_bytes, in_use);
  trim_host_memory();
  EXPECT_EQ(host_memory().cached_bytes, 0) << "what ended threads had kept is given back too";
}

}  // namespace
