#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

#include "cuda/stand_in/own_gpu.h"

namespace tandem::testing::stand_in {
namespace {

std::vector<std::byte> pattern(std::int64_t size, unsigned seed) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 31 + i / 255 + i / 65521 + seed);
  return bytes;
}

/// Sizes around where another way is taken, and odd ones: CUDA's staging, one part, several parts, several blocks.
constexpr std::int64_t sizes[] = {0,       1,       65'535,     65'536,     65'537,     1 << 20,
                                  1048577, 3145729, 16'777'216, 16'777'217, 50'000'001, 70'000'003};

TEST(Transfers, BringBackWhatWasPut) {
  own_gpu& gpu = own_gpu::make();
  for (const std::int64_t size : sizes) {
    std::byte* const block = gpu.memory.allocate(size + 3);
    std::vector<std::byte> source = pattern(size, 1);
    gpu.memory.copy_in(source.data(), block + 3, size);
    std::ranges::fill(source, std::byte{0xee});
    std::vector<std::byte> back(static_cast<std::size_t>(size));
    gpu.memory.copy_out(block + 3, back.data(), size);
    EXPECT_TRUE(back == pattern(size, 1)) << size;
    gpu.memory.release(block, size + 3, {});
  }
  EXPECT_EQ(gpu.memory.information().in_use_bytes, 0);
}

TEST(Transfers, TakePinnedMemoryAsItLies) {
  own_gpu& gpu = own_gpu::make();
  constexpr std::int64_t size = 5'000'001;
  void* pinned = nullptr;
  ASSERT_EQ(cudaHostAlloc(&pinned, size, cudaHostAllocDefault), cudaSuccess);
  auto* const bytes = static_cast<std::byte*>(pinned);
  std::ranges::copy(pattern(size, 2), bytes);
  std::byte* const block = gpu.memory.allocate(size);
  forget_calls();
  gpu.memory.copy_in(bytes, block, size);
  std::fill_n(bytes, size, std::byte{0});  // the source is ours again
  gpu.memory.copy_out(block, bytes, size);
  EXPECT_EQ(calls_of("cudaMemcpyAsync"), 2);
  EXPECT_EQ(calls_of("cudaHostAlloc"), 0) << "no staging memory";
  EXPECT_TRUE(std::ranges::equal(pattern(size, 2), std::vector<std::byte>(bytes, bytes + size)));
  gpu.memory.release(block, size, {});
  cudaFreeHost(pinned);
}

TEST(Transfers, PinMemoryOfTheHost) {
  own_gpu& gpu = own_gpu::make();
  constexpr std::int64_t size = 3'000'001;
  std::vector<std::byte> host = pattern(size, 3);
  ASSERT_TRUE(gpu.memory.pin(host.data(), size));
  EXPECT_FALSE(gpu.memory.pin(host.data(), size)) << "it is pinned";
  std::byte* const block = gpu.memory.allocate(size);
  forget_calls();
  gpu.memory.copy_in(host.data(), block, size);
  std::ranges::fill(host, std::byte{0});
  gpu.memory.copy_out(block, host.data(), size);
  EXPECT_EQ(calls_of("cudaMemcpyAsync"), 2);
  EXPECT_TRUE(host == pattern(size, 3));
  gpu.memory.unpin(host.data(), size);
  gpu.memory.copy_in(host.data(), block, size);
  EXPECT_GT(calls_of("cudaMemcpyAsync"), 3) << "by way of staging memory";
  // Nothing is lost where it cannot be.
  fail_call("cudaHostRegister", cudaErrorMemoryAllocation);
  EXPECT_FALSE(gpu.memory.pin(host.data(), size));
  EXPECT_EQ(cudaGetLastError(), cudaSuccess) << "the application does not find it";
  gpu.memory.release(block, size, {});
}

TEST(Transfers, ServeMoreThreadsThanThereAreStagingAreas) {
  own_gpu& gpu = own_gpu::make();
  constexpr std::int64_t size = 2'000'003;
  std::vector<std::thread> threads;
  std::vector<int> wrong(12, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (unsigned round = 0; round < 5; ++round) {
        std::byte* const block = gpu.memory.allocate(size);
        const std::vector<std::byte> source = pattern(size, static_cast<unsigned>(t) * 10 + round);
        gpu.memory.copy_in(source.data(), block, size);
        std::vector<std::byte> back(source.size());
        gpu.memory.copy_out(block, back.data(), size);
        if (back != source) ++wrong[t];
        gpu.memory.release(block, size, {});
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(wrong, std::vector<int>(12, 0));
}

TEST(Transfers, LeaveNothingTakenWhenACallFails) {
  own_gpu& gpu = own_gpu::make();
  constexpr std::int64_t size = 40'000'000;
  std::byte* const block = gpu.memory.allocate(size);
  const std::vector<std::byte> source = pattern(size, 4);
  std::vector<std::byte> back(source.size());
  for (const char* const function : {"cudaMemcpyAsync", "cudaEventSynchronize", "cudaEventRecord", "cudaHostAlloc",
                                     "cudaPointerGetAttributes", "cudaEventCreateWithFlags"}) {
    // More often than there are areas, so that one that is lost would be missed.
    for (int turn = 0; turn < 6; ++turn) {
      fail_call(function, cudaErrorInvalidValue, turn % 3);
      try {
        gpu.memory.copy_in(source.data(), block, size);
        gpu.memory.copy_out(block, back.data(), size);
      } catch (const device_error& error) {
        EXPECT_NE(std::string(error.what()).find("gpu:0: '"), std::string::npos) << error.what();
      }
      repair();
      gpu.memory.copy_in(source.data(), block, size);
      gpu.memory.copy_out(block, back.data(), size);
      EXPECT_TRUE(back == source) << function;
    }
  }
  gpu.memory.release(block, size, {});
}

TEST(Transfers, SayWhenThereIsNoStagingMemory) {
  own_gpu& gpu = own_gpu::make();
  constexpr std::int64_t size = 1 << 20;
  std::byte* const block = gpu.memory.allocate(size);
  const std::vector<std::byte> source = pattern(size, 5);
  fail_call("cudaHostAlloc", cudaErrorMemoryAllocation);
  EXPECT_THROW(gpu.memory.copy_in(source.data(), block, size), out_of_memory);
  gpu.memory.copy_in(source.data(), block, size);
  gpu.memory.release(block, size, {});
}

}  // namespace
}  // namespace tandem::testing::stand_in
