#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <tandem/errors.h>
#include <tandem/simulation.h>

#include "runtime/system.h"
#include "simulated/device.h"
#include "support/elements.h"

// The address space, the limits and the checks of a simulated device's memory.
namespace tandem::testing {
namespace {

// A sanitizer reports the signal and exits instead.
bool was_killed(int status) { return !WIFEXITED(status) || WEXITSTATUS(status) != 0; }

TEST(SimulatedMemoryDeathTest, IsOutOfReachOfTheHost) {
  GTEST_FLAG_SET(death_test_style, "fast");
  const auto memory = new_memory();
  volatile std::byte* const block = memory->allocate(4096);
  EXPECT_EXIT(
      {
        static_cast<void>(block[0]);
        std::exit(0);
      },
      was_killed, "");
  EXPECT_EXIT(
      {
        block[4095] = std::byte{1};
        std::exit(0);
      },
      was_killed, "");
}

bool all_poison(const std::vector<std::byte>& bytes) {
  return std::ranges::all_of(bytes, [](std::byte each) { return each == std::byte{0xff}; });
}

TEST(SimulatedMemory, IsPoisonedWhereNobodyWrote) {
  const auto memory = new_memory();
  for (const std::int64_t size : {1, 1000, 100'000, 128 * 1024}) {
    std::byte* const block = memory->allocate(size);
    EXPECT_TRUE(all_poison(read_back(*memory, block, size))) << size;
    memory->copy_in(bytes_like(size, 1).data(), block, size);
    memory->release(block, size, {});
    memory->synchronize();
    std::byte* const again = memory->allocate(size);
    EXPECT_EQ(again, block) << "the first gap that is large enough";
    EXPECT_TRUE(all_poison(read_back(*memory, again, size))) << size;
    memory->release(again, size, {});
    memory->synchronize();
  }
  constexpr std::int64_t large = 3'000'000;
  std::byte* const block = memory->allocate(large);
  EXPECT_TRUE(all_poison(read_back(*memory, block, 64 * 1024)));
  EXPECT_TRUE(all_poison(read_back(*memory, block + large - 50'000, 50'000)));
  memory->release(block, large, {});
}

TEST(SimulatedMemory, JoinsWhatIsFreed) {
  const auto memory = new_memory();
  constexpr std::int64_t size = 700;
  std::vector<std::byte*> blocks(64);
  for (std::byte*& each : blocks) each = memory->allocate(size);
  std::byte* const first = blocks.front();
  random_numbers random(31);
  std::shuffle(blocks.begin(), blocks.end(), std::mt19937_64(random.bits()));
  for (std::byte* each : blocks) {
    memory->release(each, size, {});
    if (random.chance(30)) memory->synchronize();
  }
  memory->synchronize();
  std::byte* const whole = memory->allocate(64 * 768);
  EXPECT_EQ(whole, first);
  memory->release(whole, 64 * 768, {});
}

TEST(SimulatedMemory, IsLimited) {
  const auto memory = new_memory();
  EXPECT_EQ(memory->information().total_bytes, 8'000'000'000);
  EXPECT_TRUE(mentions(text_of<out_of_memory>([&] { memory->allocate(8'000'000'001); }),
                       {"sim:test", "8000000001", "8000000000"}));
  memory->limit(10'000);
  std::byte* const block = memory->allocate(9'000);
  EXPECT_TRUE(mentions(text_of<out_of_memory>([&] { memory->allocate(2'000); }), {"2000", "10000"}));
  EXPECT_EQ(memory->information().free_bytes, 10'000 - 9'216);
  memory->release(block, 9'000, {});
  // What is released is free when somebody needs it.
  std::byte* const next = memory->allocate(9'500);
  EXPECT_EQ(memory->information().in_use_bytes, 9'728);
  memory->limit(100);
  EXPECT_EQ(memory->information().free_bytes, 0);
  EXPECT_THROW(memory->allocate(1), out_of_memory);
  memory->release(next, 9'500, {});
  EXPECT_THROW(memory->limit(-1), argument_error);
  EXPECT_THROW(memory->limit(8'000'000'001), argument_error);
}

TEST(SimulatedMemory, SaysWhenTheHostCannotHoldIt) {
  memory::device_memory& memory = backend::simulated("h200:20").memory();
  const std::int64_t large = memory.information().total_bytes - 1'000'000;
  if (runtime::free_memory_bytes() > large) GTEST_SKIP() << "the host has as much memory as the device";
  EXPECT_TRUE(mentions(text_of<out_of_memory>([&] { memory.allocate(large); }), {"sim:h200:20", "host"}));
  std::byte* const block = memory.allocate(1000);
  memory.release(block, 1000, {});
}

TEST(SimulatedMemory, GivesThePagesOfLargeBlocksBack) {
  const auto memory = new_memory();
  const auto fill = [&](std::int64_t size) {
    std::byte* const block = memory->allocate(size);
    memory->copy_in(bytes_like(size, 1).data(), block, size);
    memory->release(block, size, {});
    memory->synchronize();
    return block;
  };
  constexpr std::int64_t size = 8'000'000;
  std::byte* const block = fill(size);
  EXPECT_EQ(memory->allocate(size), block);
  const std::vector<std::byte> middle = read_back(*memory, block + size / 2, 1000);
  EXPECT_TRUE(std::ranges::all_of(middle, [](std::byte each) { return each == std::byte{0}; }));
}

TEST(SimulatedMemory, ChecksAddresses) {
  const auto memory = new_memory();
  std::byte* const block = memory->allocate(1000);
  std::vector<std::byte> host(5000);
  const auto refused = [&](auto&& what) {
    EXPECT_TRUE(mentions(text_of<device_error>(what), {"sim:test", "not within a block"}));
  };
  refused([&] { memory->copy_in(host.data(), block, 1025); });
  refused([&] { memory->copy_in(host.data(), block - 1, 1); });
  refused([&] { memory->copy_in(host.data(), block + 1024, 1); });
  refused([&] { memory->copy_in(host.data(), block, -1); });
  refused([&] { memory->copy_in(block, host.data(), 10); });
  refused([&] { memory->copy_out(host.data(), host.data() + 2000, 10); });
  refused([&] { memory->copy_out(block + 1000, host.data(), 100); });
  memory->release(block, 1000, {});
  refused([&] { memory->copy_out(block, host.data(), 1); });
}

TEST(SimulatedMemory, ChecksOperands) {
  backend::backend& device = backend::simulated("h200:21");
  const doubling twice(device, 1000);
  std::byte* const block = device.memory().allocate(4000);
  twice.run(block);
  EXPECT_TRUE(mentions(text_of<device_error>([&] { twice.run(block + 256); }), {"sim:h200:21", "operand", "add"}));
  std::vector<std::byte> host(4000);
  EXPECT_TRUE(mentions(text_of<device_error>([&] { twice.run(host.data()); }), {"sim:h200:21", "operand", "add"}));
  device.memory().release(block, 4000, {});
  EXPECT_THROW(twice.run(block), device_error);
}

TEST(SimulatedMemory, FailsWhenABlockIsReleasedTwice) {
  const auto memory = new_memory();
  std::byte* const block = memory->allocate(1000);
  memory->release(block, 1000, {});
  memory->release(block, 1000, {});
  EXPECT_TRUE(mentions(text_of<device_error>([&] { memory->synchronize(); }), {"sim:test", "release", "1000"}));
  memory->repair();
  std::byte* const other = memory->allocate(1000);
  memory->release(other, 5000, {});
  EXPECT_THROW(memory->allocate(1), device_error);
}

}  // namespace
}  // namespace tandem::testing
