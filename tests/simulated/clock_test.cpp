#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include <tandem/errors.h>
#include <tandem/simulation.h>
#include <tandem/statistics.h>

#include "backend/simulated/clock.h"
#include "backend/simulated/costs.h"
#include "simulated/device.h"
#include "support/elements.h"

// Virtual time: made up from the machine's tables, the same for the same calls.
namespace tandem::testing {
namespace {

using backend::simulation::engine;

// Times after each of some calls.
std::vector<double> times_of_some_work(backend::simulation::simulated_memory& memory) {
  std::vector<double> times;
  const auto note = [&] { times.push_back(memory.time_us()); };
  const std::vector<std::byte> bytes = bytes_like(3'000'000, 1);
  for (int round = 0; round < 10; ++round) {
    std::byte* const block = memory.allocate(3'000'000);
    note();
    memory.copy_in(bytes.data(), block, 3'000'000);
    note();
    memory.run("work", [] {}, 1, 100'000);
    note();
    memory.copy_out(block, std::vector<std::byte>(1000).data(), 1000);
    note();
    memory.release(block, 3'000'000, {});
    memory.synchronize();
    note();
  }
  return times;
}

TEST(SimulatedClock, IsReproducibleAndNeverGoesBack) {
  const std::vector<double> once = times_of_some_work(*new_memory(5));
  EXPECT_EQ(times_of_some_work(*new_memory(5)), once);
  EXPECT_NE(times_of_some_work(*new_memory(6)), once);
  for (std::size_t i = 1; i < once.size(); ++i) EXPECT_GE(once[i], once[i - 1]) << i;
}

// In the table, 2 MiB take 349 us and 4 MiB 663 from memory that is not pinned, 187 and 358 from memory that is; the
// noise is 2 %, and the call takes 4 us.
TEST(SimulatedClock, TakesForCopiesWhatTheTableSays) {
  const auto memory = new_memory();
  std::byte* const block = memory->allocate(3'000'000);
  std::vector<std::byte> bytes = bytes_like(3'000'000, 1);
  const auto mean_of_copies = [&] {
    double sum = 0;
    for (int i = 0; i < 20; ++i) {
      const double before = memory->time_us();
      memory->copy_in(bytes.data(), block, 3'000'000);
      sum += memory->time_us() - before;
    }
    return sum / 20;
  };
  const double pageable = mean_of_copies();
  EXPECT_NEAR(pageable, 486 + 4, 490 * 0.02);
  const double before_pinning = memory->time_us();
  EXPECT_TRUE(memory->pin(bytes.data(), 3'000'000));
  EXPECT_NEAR(memory->time_us() - before_pinning, 6 + 733 * 0.25, 20);
  EXPECT_FALSE(memory->pin(bytes.data() + 1000, 10));
  const double pinned = mean_of_copies();
  EXPECT_NEAR(pinned, 261 + 4, 265 * 0.02);
  memory->unpin(bytes.data(), 3'000'000);
  EXPECT_NEAR(mean_of_copies(), pageable, pageable * 0.02);

  memory->set_faults({.link_slowdown = 5});
  EXPECT_NEAR(mean_of_copies(), 5 * 486 + 4, 5 * 490 * 0.02);
  // To the host, 2 MiB take 403 us and 4 MiB 793.
  memory->set_faults({});
  const double before = memory->time_us();
  memory->copy_out(block, bytes.data(), 3'000'000);
  EXPECT_NEAR(memory->time_us() - before, 571 + 14, 585 * 0.13);
}

// What is pinned is known by its bytes.
TEST(SimulatedClock, CountsPartsOfPinnedMemoryAsPinned) {
  const auto memory = new_memory();
  std::byte* const block = memory->allocate(3'000'000);
  const std::vector<std::byte> bytes = bytes_like(6'000'000, 1);
  EXPECT_TRUE(memory->pin(const_cast<std::byte*>(bytes.data()) + 1'000'000, 4'000'000));
  const auto time_of_copy = [&](std::int64_t from) {
    const double before = memory->time_us();
    memory->copy_in(bytes.data() + from, block, 3'000'000);
    return memory->time_us() - before;
  };
  EXPECT_LT(time_of_copy(1'000'000), 320);
  EXPECT_LT(time_of_copy(2'000'000), 320);
  EXPECT_GT(time_of_copy(0), 420);
  EXPECT_GT(time_of_copy(2'500'000), 420);
}

TEST(SimulatedClock, SaysWhatPassedBetweenTimedMarks) {
  const auto memory = new_memory();
  const memory::mark_ptr begin = memory->make_timed_mark();
  memory->run("work", [] {}, 2, 1e6);
  const memory::mark_ptr end = memory->make_timed_mark();
  const double given = memory->time_us();
  // The device has not begun; what it will take is made up already.
  const std::optional<double> passed = memory->passed_us(*begin, *end);
  ASSERT_TRUE(passed);
  EXPECT_FALSE(end->is_reached());
  EXPECT_NEAR(*passed, 1000 + 2 * 4, 1008 * 0.13);
  memory->synchronize();
  EXPECT_EQ(memory->passed_us(*begin, *end), passed);
  EXPECT_NEAR(memory->time_us() - given, 1000 + 10, 1010 * 0.13);
  // What the host does beside is no work.
  const memory::mark_ptr idle = memory->make_timed_mark();
  EXPECT_GT(*memory->passed_us(*end, *idle), 5);
  EXPECT_EQ(memory->passed_us(*idle, *memory->make_timed_mark()), 0);
  // Another memory's marks, and those of work that was lost.
  const auto other = new_memory();
  EXPECT_FALSE(memory->passed_us(*begin, *other->make_timed_mark()));
  memory->set_faults({.fail_run = 1});
  memory->run("work", [] {}, 1, 1e6);
  const memory::mark_ptr lost = memory->make_timed_mark();
  EXPECT_THROW(lost->wait(), device_error);
  EXPECT_FALSE(memory->passed_us(*begin, *lost));
}

// The host goes on while a device works, and pays when it waits.
TEST(SimulatedClock, CountsWorkWhenTheHostWaits) {
  const auto memory = new_memory();
  const double before = memory->time_us();
  memory->run("work", [] {}, 1, 1e6);
  EXPECT_LT(memory->time_us() - before, 10);
  memory->run("work", [] {}, 3, 1e6);
  memory->synchronize();
  EXPECT_NEAR(memory->time_us() - before, 2000, 2000 * 0.13);
}

TEST(SimulatedClock, SpikesEveryFewRuns) {
  const auto memory = new_memory();
  memory->set_faults({.spike_every = 3, .spike_factor = 50});
  for (int i = 1; i <= 9; ++i) {
    const double before = memory->time_us();
    memory->run("work", [] {}, 1, 1e6);
    memory->synchronize();
    const double expected = i % 3 == 0 ? 50'000 : 1000;
    EXPECT_NEAR(memory->time_us() - before, expected, expected * 0.14) << i;
  }
}

// What a program takes of the host's time and of the device's, beside what its stages are said to take.
TEST(SimulatedClock, TakesForProgramsWhatTheirStagesNeed) {
  backend::backend& device = backend::simulated("gen3-card:9");
  const backend::simulation::machine_profile& profile = backend::simulation::find_profile("gen3-card");
  constexpr std::int64_t count = 1 << 20;
  for (const expr& value : {expr(-empty({count}, float32)), sin(empty({count}, float64)), sum(empty({count}, float32)),
                            expr(empty({64, 64}) + 1.0)}) {
    ops::compiled made = ops::compile(value.node());
    const auto code = device.prepare(std::move(made.code));
    ASSERT_EQ(code->program().stages.size(), 1U);
    const ops::stage& stage = code->program().stages.front();
    std::byte* const block = device.memory().allocate(8 * count);
    const std::vector<backend::operand> operands(code->program().buffers.size(), {block});
    device.memory().synchronize();
    const double before = simulated_time_us("sim:gen3-card:9");
    device.run(*code, {operands, made.numbers}, policy_of_this_thread());
    device.memory().synchronize();
    const double taken = simulated_time_us("sim:gen3-card:9") - before;
    const double work = backend::simulation::stage_us(profile, stage);
    // Launches of 4 us and the wait of 10, any of which can take three times as long.
    const double calls = 4.0 * backend::simulation::kernels_of(stage) + 10;
    EXPECT_GT(taken, work * 0.87 + calls * 0.9);
    EXPECT_LT(taken, work * 1.13 + calls * 3.3);
    device.memory().release(block, 8 * count, {});
  }
}

TEST(SimulatedClock, EnginesWorkAtTheSameTime) {
  backend::simulation::clock clock(1);
  EXPECT_EQ(clock.work(engine::kernels, 0, 1000), 1000);
  EXPECT_EQ(clock.work(engine::copies_in, 0, 300), 300);
  EXPECT_EQ(clock.work(engine::kernels, 0, 1000), 2000);
  EXPECT_EQ(clock.work(engine::copies_in, 2000, 300), 2300);
  clock.spend(5000);
  EXPECT_EQ(clock.work(engine::copies_out, 0, 10), 5010);
  clock.wait_until(4000);
  EXPECT_EQ(clock.host_ns(), 5000);
  clock.wait_until(6000);
  EXPECT_EQ(clock.host_ns(), 6000);
  // What cannot be a time takes none or very long, and no time overflows.
  EXPECT_EQ(clock.work(engine::copies_out, 0, -1), 6000);
  EXPECT_GT(clock.work(engine::copies_out, 0, 1e300), 6000);
}

TEST(SimulatedClock, NoiseHasTheSpreadItSays) {
  backend::simulation::clock clock(7);
  constexpr int count = 20'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < count; ++i) {
    const double d = clock.with_noise(1) - 1;
    sum += d;
    squares += d * d;
  }
  EXPECT_NEAR(sum / count, 0, 0.001);
  EXPECT_NEAR(std::sqrt(squares / count), 0.02, 0.001);
}

TEST(SimulatedClock, CallsVaryAndSometimesTakeLong) {
  backend::simulation::clock clock(7);
  constexpr int count = 20'000;
  int long_ones = 0;
  double sum = 0;
  for (int i = 0; i < count; ++i) {
    const double taken = clock.with_jitter(100);
    if (taken < 150) {
      EXPECT_GE(taken, 90);
      EXPECT_LE(taken, 110);
      sum += taken;
      continue;
    }
    EXPECT_GE(taken, 270);
    EXPECT_LE(taken, 330);
    ++long_ones;
  }
  EXPECT_NEAR(long_ones, count / 128, 45);
  EXPECT_NEAR(sum / (count - long_ones), 100, 0.2);
}

}  // namespace
}  // namespace tandem::testing
