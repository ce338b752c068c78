#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include <tandem/errors.h>
#include <tandem/simulation.h>

#include "backend/simulated/clock.h"
#include "simulated/device.h"
#include "support/elements.h"

// Virtual time: made up from the profile, the same for the same calls.
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

// By the profile: 3 MB at 6 GB/s are 500 us, and a latency of 10 us; the noise is 2 %.
TEST(SimulatedClock, TakesForCopiesWhatTheProfileSays) {
  const auto memory = new_memory();
  std::byte* const block = memory->allocate(3'000'000);
  std::vector<std::byte> bytes = bytes_like(3'000'000, 1);
  double sum = 0;
  for (int i = 0; i < 20; ++i) {
    const double before = memory->time_us();
    memory->copy_in(bytes.data(), block, 3'000'000);
    const double taken = memory->time_us() - before;
    EXPECT_NEAR(taken, 514, 514 * 0.13);
    sum += taken;
  }
  EXPECT_NEAR(sum / 20, 514, 514 * 0.02);
  memory->set_faults({.link_slowdown = 5});
  const double before = memory->time_us();
  memory->copy_out(block, bytes.data(), 3'000'000);
  EXPECT_NEAR(memory->time_us() - before, 5 * 510 + 14, 5 * 514 * 0.13);
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

// Work on the same bytes takes longer in float64 than in float32 when arithmetic limits it.
TEST(SimulatedClock, TakesForProgramsWhatTheirStagesNeed) {
  const auto time_of = [](const expr& value, std::int64_t bytes) {
    backend::backend& device = backend::simulated("gen3-card:9");
    ops::compiled made = ops::compile(value.node());
    const auto code = device.prepare(std::move(made.code));
    std::byte* const block = device.memory().allocate(bytes);
    const std::vector<backend::operand> operands(code->program().buffers.size(), {block});
    device.memory().synchronize();
    const double before = simulated_time_us("sim:gen3-card:9");
    device.run(*code, operands, policy_of_this_thread());
    device.memory().synchronize();
    const double after = simulated_time_us("sim:gen3-card:9");
    device.memory().release(block, bytes, {});
    return after - before;
  };
  constexpr std::int64_t count = 1 << 20;
  // One of 4 MiB is read and written, at 260 GB/s; launch, start and waiting are 16.5 us.
  const double copying = time_of(-zeros({count}, float32), 4 * count);
  EXPECT_NEAR(copying, 8.0 * count / 260e9 * 1e6 + 16.5, 8);
  // sin counts as 20 operations, at 280 GFLOP/s.
  const double computing = time_of(sin(zeros({count}, float64)), 8 * count);
  EXPECT_NEAR(computing, 20.0 * count / 280e9 * 1e6 + 16.5, 15);
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

}  // namespace
}  // namespace tandem::testing
