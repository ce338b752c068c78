#include "cli/amdahl.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "cli/quantile.h"

using namespace tandem::cli;

namespace {

// Times that follow the law but for relative noise of the given standard deviation.
std::vector<count_times> times_of(double one_worker_s, double s, const std::vector<int>& counts, int rounds,
                                  double noise = 0, std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, 1);
  std::vector<count_times> times;
  for (const int p : counts) {
    count_times& each = times.emplace_back(count_times{p, {}});
    for (int i = 0; i < rounds; ++i) {
      each.rounds_s.push_back(one_worker_s * (s + (1 - s) / p) * (1 + noise * normal(random)));
    }
  }
  return times;
}

}  // namespace

TEST(amdahl, finds_the_law_that_exact_times_follow) {
  for (const double s : {0.0, 0.1, 0.5, 1.0}) {
    for (const std::vector<int>& counts : {std::vector<int>{1, 2}, {1, 2, 3, 4}, {1, 2, 4, 8, 16, 32, 64, 128}}) {
      for (const double one_worker_s : {1e-6, 1.0, 50.0}) {
        const auto fit = fit_amdahl(times_of(one_worker_s, s, counts, 5));
        ASSERT_TRUE(fit);
        EXPECT_NEAR(fit->serial_fraction, s, 1e-10);
        EXPECT_NEAR(fit->one_worker_s / one_worker_s, 1, 1e-10);
        EXPECT_NEAR(*fit->standard_error, 0, 1e-10);
        EXPECT_EQ(fit->counts, static_cast<int>(counts.size()));
        EXPECT_EQ(fit->largest_count, counts.back());
        EXPECT_NEAR(fit->seconds(4) / one_worker_s, s + (1 - s) / 4, 1e-10);
        EXPECT_NEAR(fit->speedup(4), 1 / (s + (1 - s) / 4), 1e-8);
      }
    }
  }
}

// 1 s and 0.6 s: 0.6 = s + (1 - s) / 2 for s = 0.2. The outlier of one round leaves the medians alone.
TEST(amdahl, uses_medians) {
  const auto fit = fit_amdahl(std::vector<count_times>{{1, {1, 1, 9}}, {2, {0.6, 0.1, 0.6}}});
  ASSERT_TRUE(fit);
  EXPECT_NEAR(fit->serial_fraction, 0.2, 1e-12);
  EXPECT_GT(*fit->standard_error, 0.01);
}

// The normal equations with weights 1, 4 and 64 / 9, solved in fractions: T(p) = 10 / 61 + 47 / 61 / p.
TEST(amdahl, relative_errors_count_alike) {
  const auto fit = fit_amdahl(std::vector<count_times>{{1, {1.0}}, {2, {0.5}}, {4, {0.375}}});
  ASSERT_TRUE(fit);
  EXPECT_NEAR(fit->one_worker_s, 57.0 / 61, 1e-12);
  EXPECT_NEAR(fit->serial_fraction, 10.0 / 57, 1e-12);
  EXPECT_FALSE(fit->standard_error) << "one round has no error";
}

TEST(amdahl, times_that_grow_or_fall_too_fast_are_told_as_they_are) {
  EXPECT_NEAR(fit_amdahl(std::vector<count_times>{{1, {1.0}}, {2, {1.1}}})->serial_fraction, 1.2, 1e-12);
  EXPECT_NEAR(fit_amdahl(std::vector<count_times>{{1, {1.0}}, {2, {0.4}}})->serial_fraction, -0.2, 1e-12);
}

TEST(amdahl, needs_two_counts) {
  EXPECT_FALSE(fit_amdahl({}));
  EXPECT_FALSE(fit_amdahl(times_of(1, 0.1, {1}, 5)));
}

// The error that the bootstrap tells of one measurement against the scatter of many.
TEST(amdahl, the_error_is_the_scatter_of_repeated_measurements) {
  constexpr int measurements = 80;
  constexpr double s = 0.1;
  std::vector<double> fractions;
  double told = 0;
  for (int i = 0; i < measurements; ++i) {
    const auto fit = fit_amdahl(times_of(0.01, s, {1, 2, 4, 8}, 25, 0.03, static_cast<std::uint64_t>(i)));
    ASSERT_TRUE(fit);
    fractions.push_back(fit->serial_fraction);
    told += *fit->standard_error / measurements;
  }
  double mean = 0;
  for (const double each : fractions) mean += each / measurements;
  double variance = 0;
  for (const double each : fractions) variance += (each - mean) * (each - mean) / (measurements - 1);
  EXPECT_NEAR(mean, s, 4 * std::sqrt(variance / measurements));
  // The scatter of 80 is known to 8 %, and a bootstrap of medians overestimates a little.
  EXPECT_NEAR(told / std::sqrt(variance), 1.1, 0.3);
}

TEST(amdahl, the_same_times_give_the_same_error) {
  const auto times = times_of(1, 0.2, {1, 2, 3}, 7, 0.05);
  EXPECT_EQ(*fit_amdahl(times)->standard_error, *fit_amdahl(times)->standard_error);
}

TEST(quantile, is_numpys) {
  // numpy.quantile([4, 1, 3, 2], [0, 0.25, 0.5, 0.75, 1]) is 1, 1.75, 2.5, 3.25, 4.
  const std::vector<double> values = {4, 1, 3, 2};
  EXPECT_DOUBLE_EQ(quantile(values, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(values, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(median(values), 2.5);
  EXPECT_DOUBLE_EQ(quantile(values, 0.75), 3.25);
  EXPECT_DOUBLE_EQ(quantile(values, 1), 4);
  EXPECT_DOUBLE_EQ(median({5}), 5);
  EXPECT_DOUBLE_EQ(median_absolute_deviation({1, 2, 3, 4, 100}), 1);
}
