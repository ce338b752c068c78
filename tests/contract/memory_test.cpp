#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/errors.h>

#include "contract/fixtures.h"
#include "contract/running.h"
#include "ops/compile.h"
#include "support/elements.h"

// What the memory of every backend keeps to: blocks, copies, the order of work, and what it says of itself.
namespace tandem::testing {
namespace {

class Memory : public ::testing::TestWithParam<fixture> {
 protected:
  void SetUp() override {
    if (const std::string why = GetParam().why_missing(); !why.empty()) GTEST_SKIP() << why;
    tests_by_kind()[std::string(GetParam().kind)] += 1;
  }
  backend::backend& device() const { return GetParam().device(); }
  memory::device_memory& memory() const { return device().memory(); }
};

std::vector<std::byte> pattern(std::int64_t size, unsigned seed) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 31 + i / 255 + seed);
  return bytes;
}

TEST_P(Memory, HasANameAndADescription) {
  EXPECT_FALSE(device().name().empty());
  EXPECT_EQ(device().name(), memory().name());
  const backend::description said = device().describe();
  EXPECT_FALSE(said.device.empty());
  EXPECT_EQ(said.is_simulated, GetParam().kind == "simulated");
}

TEST_P(Memory, AllocatesAlignedBlocksApartFromOneAnother) {
  const std::uintptr_t alignment = memory().is_host() ? 64 : 256;
  std::vector<std::unique_ptr<device_block>> blocks;
  for (const std::int64_t size : {0, 1, 63, 64, 65, 255, 256, 257, 4096, 100003, 1 << 20, 3'000'001, 0, 1}) {
    blocks.push_back(std::make_unique<device_block>(memory(), size));
    ASSERT_NE(blocks.back()->data(), nullptr) << size;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(blocks.back()->data()) % alignment, 0U) << size;
  }
  unsigned seed = 0;
  for (const auto& each : blocks) each->put(pattern(each->size_bytes(), ++seed));
  seed = 0;
  for (const auto& each : blocks) EXPECT_EQ(each->get(), pattern(each->size_bytes(), ++seed)) << each->size_bytes();
}

TEST_P(Memory, RefusesWhatCannotBe) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t size : {most, most - 1, most - 255, most - 256, most / 2}) {
    EXPECT_THROW(memory().allocate(size), out_of_memory) << size;
  }
  const std::int64_t too_many = GetParam().too_many_bytes;
  if (too_many > 0) {
    const auto text = text_of<out_of_memory>([&] { memory().allocate(too_many); });
    EXPECT_TRUE(mentions(text, {std::string(memory().name()).c_str(), std::to_string(too_many).c_str()}));
  }
  // And goes on.
  device_block block(memory(), 1000);
  block.put(pattern(1000, 7));
  EXPECT_EQ(block.get(), pattern(1000, 7));
}

TEST_P(Memory, CopiesPartsOfBlocks) {
  constexpr std::int64_t size = 300'007;
  device_block block(memory(), size);
  std::vector<std::byte> expected = pattern(size, 1);
  block.put(expected);
  for (const auto& [at, count] : {std::pair<std::int64_t, std::int64_t>{0, 1},
                                  {1, 1},
                                  {3, 62},
                                  {1000, 65'537},
                                  {5, 0},
                                  {99'999, 200'001},
                                  {size - 1, 1},
                                  {size, 0}}) {
    const std::vector<std::byte> part = pattern(count, static_cast<unsigned>(at));
    memory().copy_in(part.data(), block.data() + at, count);
    std::ranges::copy(part, expected.begin() + at);
    std::vector<std::byte> back(static_cast<std::size_t>(count));
    memory().copy_out(block.data() + at, back.data(), count);
    EXPECT_EQ(back, part) << at;
  }
  EXPECT_EQ(block.get(), expected);
}

// The source of a copy is the caller's again when copy_in has returned.
TEST_P(Memory, HasReadTheSourceWhenACopyReturns) {
  for (const std::int64_t size : {1, 1000, 70'000, 1'000'000, 5'000'000}) {
    device_block block(memory(), size);
    std::vector<std::byte> source = pattern(size, 3);
    memory().copy_in(source.data(), block.data(), size);
    std::ranges::fill(source, std::byte{0});
    EXPECT_EQ(block.get(), pattern(size, 3)) << size;
  }
}

// x = x + x, in place, with its operand on the device already.
class doubling {
 public:
  explicit doubling(backend::backend& where) : where_(where) {
    const ndarray x = ones({count}, float32);
    ops::compiled made = ops::compile_into((x + x).node(), x.layout());
    code_ = where.prepare(std::move(made.code));
  }
  void run(std::byte* block) const {
    const std::vector<backend::operand> operands(code_->program().buffers.size(), {block});
    where_.run(*code_, {operands, {}}, policy_of_this_thread());
  }

  static constexpr std::int64_t count = 40'001;
  static constexpr std::int64_t size_bytes = count * 4;

 private:
  backend::backend& where_;
  std::shared_ptr<const backend::executable> code_;
};

std::vector<std::byte> floats(float value) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(doubling::size_bytes));
  for (std::int64_t i = 0; i < doubling::count; ++i) std::memcpy(bytes.data() + i * 4, &value, 4);
  return bytes;
}

TEST_P(Memory, DoesTheWorkOfOneThreadInOrder) {
  const doubling twice(device());
  device_block block(memory(), doubling::size_bytes);
  block.put(floats(1));
  for (int i = 0; i < 10; ++i) twice.run(block.data());
  EXPECT_EQ(block.get(), floats(1024));
  block.put(floats(3));
  twice.run(block.data());
  block.put(floats(5));
  twice.run(block.data());
  EXPECT_EQ(block.get(), floats(10));
}

// A queue may have a limited length; work beyond it is not lost.
TEST_P(Memory, TakesAnyAmountOfWork) {
  const doubling twice(device());
  device_block block(memory(), doubling::size_bytes);
  for (int round = 0; round < 40; ++round) {
    block.put(floats(1));
    for (int i = 0; i < 100; ++i) twice.run(block.data());
  }
  EXPECT_EQ(block.get(), floats(0x1p100F));
}

TEST_P(Memory, OrdersTheWorkOfTwoThreadsByMarks) {
  const doubling twice(device());
  for (int round = 0; round < 20; ++round) {
    device_block block(memory(), doubling::size_bytes);
    memory::mark_ptr first;
    memory::mark_ptr second;
    std::thread([&] {
      block.put(floats(1));
      twice.run(block.data());
      first = memory().make_mark();
    }).join();
    std::thread([&] {
      memory().await(*first);
      twice.run(block.data());
      second = memory().make_mark();
    }).join();
    memory().await(*second);
    twice.run(block.data());
    EXPECT_EQ(block.get(), floats(8)) << round;
    EXPECT_TRUE(first->is_reached());
    EXPECT_TRUE(second->is_reached());
  }
}

// Copies on a queue of their own: the work awaits their marks, and blocks of one queue are released on the other.
TEST_P(Memory, CopiesBesideTheWorkOfAThread) {
  const doubling twice(device());
  device_block busy(memory(), doubling::size_bytes);
  busy.put(floats(1));
  for (int round = 0; round < 20; ++round) {
    twice.run(busy.data());
    std::byte* block = nullptr;
    memory::mark_ptr copied;
    {
      const memory::copies_beside_work beside(memory(), true);
      EXPECT_EQ(beside.is_beside(), !memory().is_host());
      block = memory().allocate(doubling::size_bytes);
      memory().copy_in(floats(3).data(), block, doubling::size_bytes);
      copied = memory().make_mark();
    }
    memory().await(*copied);
    twice.run(block);
    std::vector<std::byte> back(static_cast<std::size_t>(doubling::size_bytes));
    memory().copy_out(block, back.data(), doubling::size_bytes);
    EXPECT_EQ(back, floats(6)) << round;
    const memory::mark_ptr used = memory().make_mark();
    if (round % 2 == 0) {
      memory().release(block, doubling::size_bytes, {&copied, 1});
    } else {
      const memory::copies_beside_work beside(memory(), true);
      memory().release(block, doubling::size_bytes, {&used, 1});
    }
  }
  EXPECT_EQ(busy.get(), floats(0x1p20F));
  const memory::copies_beside_work unwanted(memory(), false);
  EXPECT_FALSE(unwanted.is_beside());
}

TEST_P(Memory, WaitsForMarks) {
  const doubling twice(device());
  device_block block(memory(), doubling::size_bytes);
  const memory::mark_ptr before = memory().make_mark();
  block.put(floats(1));
  twice.run(block.data());
  const memory::mark_ptr after = memory().make_mark();
  before->wait();
  EXPECT_TRUE(before->is_reached());
  after->wait();
  EXPECT_TRUE(after->is_reached());
  after->wait();
  memory().await(*after);
  // From another thread, whose own queue has nothing to do with it.
  std::thread([&] {
    memory().await(*after);
    EXPECT_EQ(block.get(), floats(2));
  }).join();
}

// What was given is done when all has been waited for, also if the thread that gave it is gone.
TEST_P(Memory, SynchronizesWithAllThreads) {
  const doubling twice(device());
  std::vector<std::unique_ptr<device_block>> blocks(6);
  std::vector<std::thread> threads;
  std::vector<memory::mark_ptr> marks(blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    threads.emplace_back([&, i] {
      blocks[i] = std::make_unique<device_block>(memory(), doubling::size_bytes);
      blocks[i]->put(floats(static_cast<float>(i)));
      twice.run(blocks[i]->data());
      marks[i] = memory().make_mark();
    });
  }
  for (std::thread& each : threads) each.join();
  memory().synchronize();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_TRUE(marks[i]->is_reached()) << i;
    EXPECT_EQ(blocks[i]->get(), floats(static_cast<float>(2 * i))) << i;
  }
}

// Others may have a block only when the work before its release, and the marks, are done.
TEST_P(Memory, KeepsReleasedBlocksUntilTheirWorkIsDone) {
  const doubling twice(device());
  for (int round = 0; round < 30; ++round) {
    std::byte* const block = memory().allocate(doubling::size_bytes);
    memory().copy_in(floats(3).data(), block, doubling::size_bytes);
    const memory::mark_ptr filled = memory().make_mark();
    memory::mark_ptr use;
    std::thread([&] {
      memory().await(*filled);
      twice.run(block);
      use = memory().make_mark();
    }).join();
    memory().release(block, doubling::size_bytes, {&use, 1});
    // Its own queue has come to the release; the other thread's work on the block is still to be done.
    memory().make_mark()->wait();
    std::vector<std::unique_ptr<device_block>> next(4);
    for (auto& each : next) {
      each = std::make_unique<device_block>(memory(), doubling::size_bytes);
      each->put(floats(5));
    }
    memory().make_mark()->wait();
    use->wait();
    for (const auto& each : next) EXPECT_EQ(each->get(), floats(5)) << round;
  }
}

TEST_P(Memory, SaysWhatItHolds) {
  memory().synchronize();
  memory().trim();
  const memory::device_memory_information before = memory().information();
  EXPECT_GT(before.total_bytes, 0);
  EXPECT_LE(before.free_bytes, before.total_bytes);
  EXPECT_GE(before.peak_bytes, before.in_use_bytes);
  constexpr std::int64_t size = 1'000'000;
  {
    const device_block block(memory(), size);
    const memory::device_memory_information during = memory().information();
    EXPECT_GE(during.in_use_bytes, before.in_use_bytes + size);
    EXPECT_GE(during.peak_bytes, during.in_use_bytes);
  }
  memory().synchronize();
  const memory::device_memory_information after = memory().information();
  EXPECT_EQ(after.in_use_bytes, before.in_use_bytes);
  EXPECT_GE(after.peak_bytes, before.in_use_bytes + size);
  memory().trim();
  EXPECT_LE(memory().information().cached_bytes, after.cached_bytes);
}

TEST_P(Memory, ServesManyThreads) {
  const doubling twice(device());
  std::vector<std::thread> threads;
  std::vector<int> wrong(8, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 25; ++round) {
        device_block block(memory(), doubling::size_bytes);
        const auto value = static_cast<float>(t * 100 + static_cast<std::size_t>(round));
        block.put(floats(value));
        twice.run(block.data());
        const memory::mark_ptr end = memory().make_mark();
        if (round % 3 == 0) end->wait();
        if (round % 7 == 0) memory().trim();
        if (block.get() != floats(2 * value)) ++wrong[t];
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(wrong, std::vector<int>(8, 0));
}

TEST_P(Memory, SaysHowLongWorkTookOrThatItCannot) {
  const std::vector<std::byte> bytes = pattern(1 << 20, 1);
  device_block block(memory(), 1 << 20);
  const double before = memory().time_us();
  const memory::mark_ptr begin = memory().make_timed_mark();
  block.put(bytes);
  const memory::mark_ptr middle = memory().make_timed_mark();
  block.put(bytes);
  const memory::mark_ptr end = memory().make_timed_mark();
  end->wait();
  EXPECT_GE(memory().time_us(), before);
  const std::optional<double> all = memory().passed_us(*begin, *end);
  const std::optional<double> first = memory().passed_us(*begin, *middle);
  const std::optional<double> second = memory().passed_us(*middle, *end);
  ASSERT_EQ(all.has_value(), !memory().is_host());
  ASSERT_EQ(first.has_value(), !memory().is_host());
  ASSERT_EQ(second.has_value(), !memory().is_host());
  if (!all) return;
  EXPECT_GE(*first, 0);
  EXPECT_GE(*second, 0);
  EXPECT_GT(*all, 0);
  EXPECT_NEAR(*all, *first + *second, 2);
}

TEST_P(Memory, SaysWhatIsKnownOfItWithoutMeasuring) {
  const backend::hardware_hints hints = device().hints();
  for (const double each :
       {hints.bytes_per_s, hints.float32_flops, hints.float64_flops, hints.launch_us, hints.kernel_us,
        hints.synchronize_us, hints.allocate_us, hints.copy_us, hints.pageable_bytes_per_s, hints.pinned_bytes_per_s}) {
    EXPECT_TRUE(std::isfinite(each) && each >= 0) << each;
  }
  if (memory().is_host()) return;
  EXPECT_FALSE(hints.source.empty());
  EXPECT_FALSE(hints.identity.empty());
  EXPECT_EQ(device().hints().identity, hints.identity);
  EXPECT_GT(hints.bytes_per_s, 0);
  EXPECT_GE(hints.float32_flops, hints.float64_flops);
}

TEST_P(Memory, HasNoStreamsOfTheApplicationsUnlessItSaysSo) {
  memory().use_stream(0);
  if (GetParam().kind == "gpu") return;
  EXPECT_THROW(memory().use_stream(1), device_error);
}

INSTANTIATE_TEST_SUITE_P(Contract, Memory, ::testing::ValuesIn(fixtures()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace tandem::testing
