#include "backend/simulated/costs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>

#include <tandem/manipulation.h>
#include <tandem/products.h>
#include <tandem/statistics.h>

#include "simulated/device.h"

// What simulated machines take, against what must hold for any machine of their kind.
namespace tandem::testing {
namespace {

using namespace backend::simulation;

// Of all stages. Operands have no elements written, so that large ones take no memory.
double time_of(const char* machine, const expr& what) {
  const ops::compiled made = ops::compile(what.node());
  double us = 0;
  for (const ops::stage& each : made.code.stages) us += stage_us(find_profile(machine), each);
  return us;
}

TEST(SimulatedCosts, CopiesTakeLongerTheLargerTheyAreAndNeverLessThanTheLinkNeeds) {
  for (const machine_profile& each : profiles()) {
    for (const copy_direction to : {copy_direction::to_device, copy_direction::to_host}) {
      for (const bool is_pinned : {false, true}) {
        const std::string what = std::string(each.name) + (is_pinned ? " pinned" : "");
        EXPECT_EQ(copy_us(each, to, is_pinned, 0), 0) << what;
        double last = 0.5 * each.link.latency_us;
        for (double size = 1; size < 3e10; size *= 1.37) {
          const auto bytes = static_cast<std::int64_t>(size);
          const double us = copy_us(each, to, is_pinned, bytes);
          EXPECT_GE(us, last * 0.999) << what << ' ' << bytes;
          // A link of 16 lanes of PCIe 5.0 carries 63 GB/s, 1.2 times what copies are said to reach.
          EXPECT_GT(us, size / (1.2e-6 * each.link.pinned_bytes_per_s)) << what << ' ' << bytes;
          last = us;
        }
        // Beyond the table, by the last rate of it.
        EXPECT_NEAR(
            copy_us(each, to, is_pinned, std::int64_t{1} << 36) / copy_us(each, to, is_pinned, std::int64_t{1} << 33),
            8, 1e-6);
      }
      for (std::int64_t bytes = 1 << 20; bytes < std::int64_t{1} << 34; bytes *= 2) {
        EXPECT_LT(copy_us(each, to, true, bytes), 1.02 * copy_us(each, to, false, bytes)) << each.name << ' ' << bytes;
      }
    }
  }
}

// 24 bytes for each element of x + y. Kernels suit a machine by a factor of 0.75 to 1.25.
TEST(SimulatedCosts, LargeKernelsAreAsFastAsTheMemoryAndSmallOnesAreNot) {
  for (const machine_profile& each : profiles()) {
    const auto rate_of = [&](std::int64_t count) {
      return 24e6 * static_cast<double>(count) / time_of(each.name.data(), empty({count}) + empty({count}));
    };
    EXPECT_GT(rate_of(1 << 26), 0.7 * each.bytes_per_s) << each.name;
    EXPECT_LT(rate_of(1 << 26), 1.4 * each.bytes_per_s) << each.name;
    EXPECT_LT(rate_of(1 << 10), 0.2 * each.bytes_per_s) << each.name;
    EXPECT_GT(time_of(each.name.data(), -empty({1})), each.kernel_start_us) << each.name;
    EXPECT_EQ(time_of(each.name.data(), -empty({0, 3})), 0) << each.name;
  }
  // In the level 2 cache, an H200 is faster than its memory.
  const auto h200 = [](std::int64_t count) {
    return static_cast<double>(count) / (time_of("h200", -empty({count})) - find_profile("h200").kernel_start_us);
  };
  EXPECT_GT(h200(1 << 21), 1.2 * h200(1 << 26));
}

TEST(SimulatedCosts, NeighboursAreReadFasterThanOthers) {
  constexpr std::int64_t n = 4096;
  const ndarray x = empty({n, n}, float32);
  const ndarray wide = empty({n, 8 * n}, float32);
  for (const machine_profile& each : profiles()) {
    const char* const name = each.name.data();
    const double in_rows = time_of(name, x + x);
    EXPECT_GT(time_of(name, x + matrix_transpose(x)), 1.3 * in_rows) << name;
    EXPECT_GT(time_of(name, wide(all, slice(none, none, 8)) + x), 2 * in_rows) << name;
    // A row that is repeated costs next to nothing.
    EXPECT_LT(time_of(name, x + empty({n}, float32)), 1.05 * in_rows) << name;
  }
}

TEST(SimulatedCosts, ProductsReachTheirSpeedWhenTheyAreLarge) {
  for (const machine_profile& each : profiles()) {
    const auto rate_of = [&](std::int64_t n, dtype type) {
      const ndarray x = empty({n, n}, type);
      return 2e6 * std::pow(static_cast<double>(n), 3) / time_of(each.name.data(), matmul(x, x));
    };
    EXPECT_LT(rate_of(32, float32), 0.05 * each.float32_flops) << each.name;
    EXPECT_GT(rate_of(8192, float32), 0.4 * each.float32_flops) << each.name;
    EXPECT_LT(rate_of(8192, float32), 1.05 * each.float32_flops) << each.name;
    // Of the H200 and its kind, matrix units double what the data sheet says of float64.
    EXPECT_LT(rate_of(8192, float64), 2.1 * each.float64_flops) << each.name;
    EXPECT_GT(rate_of(8192, float64), 0.4 * each.float64_flops) << each.name;
    const ndarray thin = empty({8192, 8}, float32);
    EXPECT_GT(time_of(each.name.data(), matmul(empty({8192, 8192}, float32), thin)), each.kernel_start_us);
  }
}

// No formula that is the same for all operations and machines can be right.
TEST(SimulatedCosts, OperationsSuitMachinesDifferently) {
  const ndarray x = empty({1 << 24}, float32);
  const auto ratio_on = [&](const char* machine) { return time_of(machine, x + x) / time_of(machine, x * x); };
  double least = 10;
  double most = 0;
  for (const machine_profile& each : profiles()) {
    least = std::min(least, ratio_on(each.name.data()));
    most = std::max(most, ratio_on(each.name.data()));
    EXPECT_GT(ratio_on(each.name.data()), 0.6 * 0.99);
    EXPECT_LT(ratio_on(each.name.data()), 1.01 / 0.6);
  }
  EXPECT_GT(most, 1.1 * least);
  // float64 is what small cards are slow in.
  EXPECT_GT(time_of("gen3-card", sin(empty({1 << 20}))), 5 * time_of("gen3-card", sin(empty({1 << 20}, float32))));
}

TEST(SimulatedCosts, ReductionsAndScansOfLongLinesAreTwoKernels) {
  const auto kernels = [](const expr& what) {
    const ops::compiled made = ops::compile(what.node());
    int count = 0;
    for (const ops::stage& each : made.code.stages) count += kernels_of(each);
    return count;
  };
  const ndarray x = empty({1 << 12, 1 << 10});
  EXPECT_EQ(kernels(sum(x)), 2);
  EXPECT_EQ(kernels(sum(x, {.axis = 1})), 1);
  EXPECT_EQ(kernels(argmax(x)), 2);
  EXPECT_EQ(kernels(cumulative_sum(x, {.axis = 1})), 1);
  EXPECT_EQ(kernels(cumulative_sum(empty({1 << 20}))), 2);
  EXPECT_EQ(kernels(x + x), 1);
}

TEST(SimulatedCosts, PinningTakesLongerForMorePages) {
  EXPECT_GT(pin_us(1), 0);
  EXPECT_NEAR(pin_us(1 << 30) / pin_us(1 << 29), 2, 0.01);
}

}  // namespace
}  // namespace tandem::testing
