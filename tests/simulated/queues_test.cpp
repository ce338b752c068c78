#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <tandem/errors.h>
#include <tandem/simulation.h>

#include "simulated/device.h"
#include "support/elements.h"

// Work is done when somebody waits for it, and only what marks order before that.
namespace tandem::testing {
namespace {

constexpr std::int64_t size = 4000;

struct device_and_block {
  explicit device_and_block(const char* name)
      : device(backend::simulated(name)), memory(device.memory()), block(memory.allocate(size)) {}
  ~device_and_block() { memory.release(block, size, {}); }

  void put(std::int32_t value) {
    const std::vector<std::int32_t> values(size / 4, value);
    memory.copy_in(reinterpret_cast<const std::byte*>(values.data()), block, size);
  }
  std::int32_t first() const {
    std::int32_t value = 0;
    memory.copy_out(block, reinterpret_cast<std::byte*>(&value), 4);
    return value;
  }

  backend::backend& device;
  memory::device_memory& memory;
  std::byte* block;
};

TEST(SimulatedQueue, DoesNothingBeforeSomebodyWaits) {
  device_and_block x("h200:30");
  const doubling twice(x.device, size / 4);
  x.put(1);
  twice.run(x.block);
  const memory::mark_ptr end = x.memory.make_mark();
  EXPECT_FALSE(end->is_reached());
  end->wait();
  EXPECT_TRUE(end->is_reached());
  EXPECT_EQ(x.first(), 2);
}

// A mark that was forgotten gives the wrong result each time, not now and then.
TEST(SimulatedQueue, ShowsMissingOrder) {
  device_and_block x("h200:31");
  const doubling twice(x.device, size / 4);
  x.put(1);
  x.memory.synchronize();
  twice.run(x.block);
  const memory::mark_ptr end = x.memory.make_mark();
  std::thread([&] {
    EXPECT_EQ(x.first(), 1) << "the work of another thread was done without a mark";
    x.memory.await(*end);
    EXPECT_EQ(x.first(), 2);
  }).join();
}

TEST(SimulatedQueue, CopiesBesideItsThreadsWork) {
  device_and_block x("h200:36");
  const doubling twice(x.device, size / 4);
  x.put(1);
  x.memory.synchronize();
  twice.run(x.block);
  const memory::mark_ptr end = x.memory.make_mark();
  {
    const memory::copies_beside_work beside(x.memory, true);
    ASSERT_TRUE(beside.is_beside());
    EXPECT_EQ(x.first(), 1) << "the work was done without a mark";
    x.memory.await(*end);
    EXPECT_EQ(x.first(), 2);
    x.put(7);
  }
  twice.run(x.block);
  EXPECT_EQ(x.first(), 4) << "the copy was made without a mark";
  {
    const memory::copies_beside_work beside(x.memory, true);
    EXPECT_EQ(x.first(), 7);
  }
}

TEST(SimulatedQueue, OutlivesItsThread) {
  device_and_block x("h200:32");
  const doubling twice(x.device, size / 4);
  memory::mark_ptr end;
  std::thread([&] {
    x.put(5);
    twice.run(x.block);
    end = x.memory.make_mark();
  }).join();
  EXPECT_FALSE(end->is_reached());
  x.memory.await(*end);
  EXPECT_EQ(x.first(), 10);
}

TEST(SimulatedQueue, HoldsBlocksForTheMarksOfOthers) {
  const auto owned = new_memory();
  memory::device_memory& memory = *owned;
  std::byte* const block = memory.allocate(size);
  memory.copy_in(bytes_like(size, 4).data(), block, size);
  const memory::mark_ptr filled = memory.make_mark();
  std::byte* elsewhere = nullptr;
  memory::mark_ptr use;
  std::thread([&] {
    memory.await(*filled);
    elsewhere = memory.allocate(size);
    memory.copy_in(bytes_like(size, 9).data(), elsewhere, size);
    use = memory.make_mark();
  }).join();
  memory.release(block, size, {&use, 1});
  memory.make_mark()->wait();
  EXPECT_EQ(memory.information().cached_bytes, 4096) << "its own queue is done, the other one is not";
  EXPECT_FALSE(use->is_reached());
  use->wait();
  memory.make_mark()->wait();
  EXPECT_EQ(memory.information().cached_bytes, 0);
  memory.release(elsewhere, size, {});
}

TEST(SimulatedQueue, TrimFreesWhatWasReleased) {
  const auto memory = new_memory();
  std::byte* const block = memory->allocate(size);
  memory->release(block, size, {});
  EXPECT_EQ(memory->information().cached_bytes, 4096);
  EXPECT_EQ(memory->trim(), 4096);
  EXPECT_EQ(memory->trim(), 0);
}

TEST(SimulatedQueue, AwaitsItsOwnMarksAndThoseOfItsMemoryOnly) {
  const auto one = new_memory();
  const auto other = new_memory();
  one->await(*one->make_mark());
  EXPECT_TRUE(mentions(text_of<device_error>([&] { one->await(*other->make_mark()); }), {"mark of another memory"}));
  EXPECT_THROW(one->await(*memory::host().make_mark()), device_error);
}

// Queues that await one another in turn come to an end.
TEST(SimulatedQueue, ManyThreadsInAChain) {
  device_and_block x("h200:33");
  const doubling twice(x.device, size / 4);
  x.put(1);
  memory::mark_ptr last = x.memory.make_mark();
  std::vector<std::thread> threads;
  for (int round = 0; round < 20; ++round) {
    std::thread([&] {
      x.memory.await(*last);
      twice.run(x.block);
      last = x.memory.make_mark();
    }).join();
    x.memory.await(*last);
    last = x.memory.make_mark();
  }
  EXPECT_EQ(x.first(), 1 << 20);
}

}  // namespace
}  // namespace tandem::testing
