#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <thread>
#include <vector>

#include <tandem/simulation.h>
#include <tandem/tandem.h>

#include "support/elements.h"

// Large operands are copied while the device works, and those of later stages while it does the earlier ones.
namespace tandem::testing {
namespace {

constexpr const char* name = "sim:gen3-card:50";
const device sim = device::named(name);
const policy there{.device = sim};
constexpr std::int64_t side = 512;

ndarray on_host(double first) {
  return eval(reshape(arange(static_cast<double>(side * side)), {side, side}) * 1e-3 + first, {.device = device::cpu});
}
ndarray on_device(double first) { return eval(expr(on_host(first)) * 1, there); }

// Virtual time that it takes to get a number.
template <class Work>
double us_of(Work&& work) {
  const double before = simulated_time_us(name);
  EXPECT_TRUE(std::isfinite(work().template item<double>()));
  return simulated_time_us(name) - before;
}

// The longer of the two and not their sum, with the noise of a simulated device and what cannot overlap.
void expect_overlap(double both, double one, double other) {
  const double least = std::min(one, other);
  EXPECT_LT(both, one + other - 0.7 * least) << one << " and " << other;
  EXPECT_GT(both, 0.85 * std::max(one, other)) << one << " and " << other;
}

class CopiesBesideWork : public ::testing::Test {
 protected:
  CopiesBesideWork() {
    copy_us = us_of([c = on_host(3)] { return eval(sum(c), there); }) -
              us_of([c = on_device(3)] { return eval(sum(c), there); });
    product_us = us_of([this] { return eval(sum(expr(matmul(a, b))), there); });
    EXPECT_GT(copy_us, 100);
    EXPECT_GT(product_us, 100);
  }

  const ndarray a = on_device(1);
  const ndarray b = on_device(2);
  double copy_us = 0;
  double product_us = 0;
};

TEST_F(CopiesBesideWork, WhatALaterStageReadsComesDuringTheEarlierOnes) {
  for (int round = 0; round < 3; ++round) {
    const ndarray c = on_host(round);
    expect_overlap(us_of([&] { return eval(sum(expr(matmul(a, b)) + c), there); }), copy_us, product_us);
    EXPECT_TRUE(c.is_on(sim));
  }
}

TEST_F(CopiesBesideWork, WhatTheFirstStageReadsComesDuringTheWorkBefore) {
  const ndarray c = on_host(4);
  ndarray product;
  const double both = us_of([&] {
    product = eval(matmul(a, b), there);
    return eval(sum(c), there);
  });
  expect_overlap(both, copy_us, product_us);
}

TEST_F(CopiesBesideWork, ResultsAreTheHosts) {
  const ndarray x = on_host(1);
  const ndarray y = on_host(2);
  // New each time, because an expression keeps its result.
  const auto value = [&](const ndarray& c) { return expr(matmul(x, y)) * 0.5 + c - sum(c, {.axis = 0}) + x; };
  for (int round = 0; round < 3; ++round) {
    const ndarray c = on_host(round);
    const std::vector<double> expected = elements_of<double>(eval(value(c), {.device = device::cpu}));
    const std::int64_t before = transfers_so_far().to_devices;
    const ndarray result = eval(value(c), there);
    EXPECT_EQ(transfers_so_far().to_devices - before, round == 0 ? 3 : 1) << "each operand once";
    EXPECT_EQ(elements_of<double>(result), expected);
    // The operand goes at once; its block serves others only when the work is done.
    ndarray sums;
    {
      const ndarray gone = on_host(5 + round);
      sums = eval(value(gone), there);
    }
    const ndarray next = eval(expr(on_host(9)) * 2, there);
    EXPECT_EQ(elements_of<double>(sums), elements_of<double>(eval(value(on_host(5 + round)), {.device = device::cpu})));
    EXPECT_EQ(elements_of<double>(next), elements_of<double>(eval(expr(on_host(9)) * 2, {.device = device::cpu})));
  }
}

// Each allocation and each copy fails in turn, also those after stages that were given.
TEST_F(CopiesBesideWork, FailuresLeaveEverythingAsItWas) {
  const auto value = [](const ndarray& x, const ndarray& y, const ndarray& c) { return expr(matmul(x, y)) + c; };
  const std::vector<double> expected =
      elements_of<double>(eval(value(on_host(1), on_host(2), on_host(3)), {.device = device::cpu}));
  for (const bool fails_copies : {false, true}) {
    int failures = 0;
    for (std::int64_t n = 1;; ++n) {
      ASSERT_LT(n, 30);
      const ndarray x = on_host(1);
      const ndarray y = on_host(2);
      const ndarray c = on_host(3);
      const ndarray target = on_host(4);
      set_simulated_faults(name,
                           fails_copies ? simulated_faults{.fail_copy = n} : simulated_faults{.fail_allocation = n});
      bool failed = false;
      try {
        target.assign(value(x, y, c), there);
      } catch (const error&) {
        failed = true;
      }
      set_simulated_faults(name, {});
      if (!failed) {
        EXPECT_EQ(elements_of<double>(target), expected);
        break;
      }
      ++failures;
      EXPECT_EQ(elements_of<double>(target), elements_of<double>(on_host(4))) << n;
      EXPECT_EQ(elements_of<double>(x), elements_of<double>(on_host(1))) << n;
      EXPECT_EQ(elements_of<double>(c), elements_of<double>(on_host(3))) << n;
      target.assign(value(x, y, c), there);
      EXPECT_EQ(elements_of<double>(target), expected) << "after failure " << n;
    }
    EXPECT_GE(failures, 3) << "each operand";
  }
}

TEST_F(CopiesBesideWork, ThreadsReadWhatOthersCopy) {
  const ndarray x = on_host(1);
  for (int round = 0; round < 4; ++round) {
    const ndarray c = on_host(round);
    const std::vector<double> expected = elements_of<double>(eval(expr(matmul(x, x)) + c, {.device = device::cpu}));
    const std::int64_t before = transfers_so_far().to_devices;
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&, i] {
        const ndarray made = eval(expr(matmul(x, x)) + c, there);
        const ndarray other = eval(expr(c) * (i + 1), there);
        right += elements_of<double>(made) == expected ? 1 : 0;
        right += other.at<const double>({side - 1, side - 1}) == (i + 1) * c.at<const double>({side - 1, side - 1});
      });
    }
    for (std::thread& each : threads) each.join();
    EXPECT_EQ(right, 6);
    EXPECT_EQ(transfers_so_far().to_devices - before, round == 0 ? 2 : 1) << "once, whoever copies";
  }
}

TEST(CopiesBesideOther, MakeRoomLikeOthers) {
  constexpr const char* small = "sim:gen3-card:51";
  const policy on_small{.device = device::named(small)};
  constexpr std::int64_t matrix_bytes = side * side * 8;
  limit_simulated_memory(small, 6 * matrix_bytes);
  const ndarray x = on_host(1);
  for (int round = 0; round < 6; ++round) {
    const ndarray c = on_host(round);
    const ndarray made = eval(expr(matmul(x, x)) + c, on_small);
    const ndarray expected = eval(expr(matmul(x, x)) + c, {.device = device::cpu});
    EXPECT_EQ(elements_of<double>(made), elements_of<double>(expected)) << round;
  }
}

}  // namespace
}  // namespace tandem::testing
