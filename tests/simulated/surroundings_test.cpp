#include "backend/simulated/surroundings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "simulated/device.h"

// Contention and drift: of the virtual time and a seed.
namespace tandem::testing {
namespace {

using backend::simulation::surroundings;

TEST(SimulatedSurroundings, TheLinkIsSharedForTheAskedPartOfTheTime) {
  const surroundings around(3);
  for (const double part : {0.0, 0.25, 0.7, 1.0}) {
    int shared = 0;
    constexpr int turns = 10'000;
    for (std::int64_t i = 0; i < turns; ++i) {
      const bool now = around.is_contended(i * surroundings::turn_ns, part);
      EXPECT_EQ(around.is_contended((i + 1) * surroundings::turn_ns - 1, part), now);
      shared += now ? 1 : 0;
    }
    EXPECT_NEAR(shared, part * turns, 150) << part;
  }
}

TEST(SimulatedSurroundings, ACopyTakesTwiceAsLongWhereTheLinkIsShared) {
  const surroundings around(3);
  std::int64_t shared = 0;
  while (!around.is_contended(shared * surroundings::turn_ns, 0.5)) ++shared;
  const std::int64_t begin = shared * surroundings::turn_ns;
  EXPECT_EQ(around.contended_ns(begin, 1000, 0.5), 2000);
  EXPECT_EQ(around.contended_ns(begin, 1000, 0), 1000);
  // Of 5 ms, a part of each turn that it lasts for, counted in small steps.
  for (const std::int64_t from : {std::int64_t{0}, begin, begin + 1'234'567}) {
    double left = 5e6;
    std::int64_t now = from;
    for (; left > 0; now += 1000) left -= around.is_contended(now, 0.5) ? 500 : 1000;
    EXPECT_NEAR(around.contended_ns(from, 5e6, 0.5), static_cast<double>(now - from), 5000) << from;
  }
  // One of minutes meets the average: 1 / (1 - 0.5 / 2) of the time that it takes alone.
  EXPECT_NEAR(around.contended_ns(0, 60e9, 0.5), 80e9, 1e9);
}

TEST(SimulatedSurroundings, DriftIsSlowAndGoesBothWays) {
  const surroundings around(9);
  double least = 2;
  double most = 0;
  double sum = 0;
  double last = around.drift_factor(0, 0.3);
  constexpr int steps = 2000;
  for (int i = 1; i <= steps; ++i) {
    const double factor = around.drift_factor(i * (surroundings::drift_period_ns / steps), 0.3);
    EXPECT_NEAR(factor, last, 0.3 * 4.1 / steps);
    least = std::min(least, factor);
    most = std::max(most, factor);
    sum += factor;
    last = factor;
  }
  EXPECT_NEAR(least, 0.7, 0.001);
  EXPECT_NEAR(most, 1.3, 0.001);
  EXPECT_NEAR(sum / steps, 1, 0.001);
  EXPECT_EQ(around.drift_factor(12'345, 0), 1);
}

// On a device: copies and runs, the same each time.
TEST(SimulatedSurroundings, ADeviceFeelsThem) {
  const auto times_with = [](const simulated_faults& faults) {
    const auto memory = new_memory(8);
    memory->set_faults(faults);
    const std::vector<std::byte> bytes = bytes_like(3'000'000, 1);
    std::byte* const block = memory->allocate(3'000'000);
    double copies = 0;
    double runs = 0;
    for (int i = 0; i < 500; ++i) {
      const double begin = memory->time_us();
      memory->copy_in(bytes.data(), block, 3'000'000);
      const double between = memory->time_us();
      memory->run("work", [] {}, 1, 1e6);
      memory->synchronize();
      copies += between - begin;
      runs += memory->time_us() - between;
    }
    return std::vector<double>{copies, runs};
  };
  const std::vector<double> alone = times_with({});
  const std::vector<double> shared = times_with({.link_contention = 0.5});
  EXPECT_EQ(times_with({.link_contention = 0.5}), shared);
  EXPECT_NEAR(shared[0] / alone[0], 1.5, 0.15);
  EXPECT_NEAR(shared[1] / alone[1], 1, 0.02);
  // About 0.75 s of a period of 2 s.
  const std::vector<double> drifting = times_with({.drift = 0.5});
  EXPECT_EQ(times_with({.drift = 0.5}), drifting);
  EXPECT_GT(std::abs(drifting[1] / alone[1] - 1), 0.02);
  EXPECT_NEAR(drifting[1] / alone[1], drifting[0] / alone[0], 0.05);
}

}  // namespace
}  // namespace tandem::testing
