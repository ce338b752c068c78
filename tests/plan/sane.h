#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "plan/limits.h"
#include "plan/profile.h"

namespace tandem::plan {

// That the planner can divide by it and add it up.

inline void expect_sane(const constant& of, double least, double most) {
  EXPECT_TRUE(std::isfinite(of.value) && of.value >= least && of.value <= most) << of.value;
  EXPECT_TRUE(std::isfinite(of.sigma) && of.sigma > 0) << of.sigma;
}
inline void expect_sane(const curve& of, double least, double most) {
  ASSERT_FALSE(of.empty());
  ASSERT_EQ(of.at.size(), of.values.size());
  for (std::size_t i = 1; i < of.at.size(); ++i) EXPECT_LT(of.at[i - 1], of.at[i]);
  for (const constant& each : of.values) expect_sane(each, least, most);
}
template <class Rates>
void expect_sane_rates(const Rates& of) {
  for (const auto& row : of) {
    for (const constant& each : row) expect_sane(each, limits::least_per_s, limits::most_per_s);
  }
}
inline void expect_sane(const host_profile& of) {
  EXPECT_GE(of.cores, 1);
  EXPECT_GT(of.level_bytes[0], 0);
  EXPECT_GE(of.level_bytes[1], of.level_bytes[0]);
  expect_sane(of.call_us, limits::least_us, limits::most_us);
  expect_sane(of.fork_us, limits::least_us, limits::most_us);
  for (const curve& each : of.bytes_per_s) expect_sane(each, limits::least_per_s, limits::most_per_s);
  expect_sane_rates(of.operations_per_s);
  expect_sane(of.speedup, limits::least_speedup, limits::most_speedup);
  for (const curve& each : of.product_alone) expect_sane(each, limits::least_per_s, limits::most_per_s);
  for (const curve& each : of.product_together) expect_sane(each, limits::least_per_s, limits::most_per_s);
}
inline void expect_sane(const device_profile& of) {
  for (const constant& each : {of.launch_us, of.kernel_us, of.synchronize_us, of.allocate_us}) {
    expect_sane(each, limits::least_us, limits::most_us);
  }
  expect_sane(of.bytes_per_s, limits::least_per_s, limits::most_per_s);
  expect_sane_rates(of.operations_per_s);
  for (const curve& each : of.product) expect_sane(each, limits::least_per_s, limits::most_per_s);
  for (const auto& to : of.link) {
    for (const link_profile& each : to) {
      expect_sane(each.latency_us, limits::least_us, limits::most_us);
      expect_sane(each.bytes_per_s, limits::least_per_s, limits::most_per_s);
    }
  }
}

}  // namespace tandem::plan
