#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>
#include <vector>

#include "plan/limits.h"
#include "plan/profile.h"

// One measured point of a calibration.
namespace tandem::plan {

/// How long a point is measured.
struct effort {
  /// Less of it: fewer points, and less time for each.
  bool is_quick = false;
  /// A point ends after so long by the subject's clock or by this machine's, whichever comes first,
  double most_us = 30'000;
  /// or after so many repetitions,
  int most_repetitions = 100;
  /// or when the median's confidence interval of 95 % is within so much of it to either side.
  double interval = 0.03;
  /// The part of a point's times that are shorter than the one it is said to take: the median, or one that hardly
  /// anything else has lengthened.
  double quantile = 0.5;
  /// Whether this machine's clock counts: not for subjects that only compute their times, so that they have the same
  /// ones wherever they are.
  bool heeds_real_time = true;
};
constexpr effort full_effort() { return {}; }
constexpr effort quick_effort() { return {.is_quick = true, .most_us = 5'000}; }

/// What a point is said to take, the median of its times or another quantile; their standard deviation as a part of it,
/// how many they are, and the median.
struct measured {
  double us = 0;
  double sigma = 0;
  int samples = 0;
  double median_us = 0;
};

/// The median of sorted values, at least one.
inline double median_of(const std::vector<double>& sorted) noexcept {
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/// Of at least one time. The deviation is that of a normal distribution with their median absolute deviation, which a
/// few times that are far too long do not change.
inline measured summary_of(std::vector<double> times, double quantile = 0.5) {
  constexpr double deviations_per_mad = 1.4826;
  std::ranges::sort(times);
  const double median = median_of(times);
  const auto place = static_cast<std::size_t>(quantile * static_cast<double>(times.size() - 1));
  measured made{quantile == 0.5 ? median : times[place], 0, static_cast<int>(times.size()), median};
  for (double& each : times) each = std::abs(each - median);
  std::ranges::sort(times);
  made.sigma = made.us > 0 ? deviations_per_mad * median_of(times) / made.us : 0;
  return made;
}

/// Whether the median of sorted times is known to within `interval` of it: by the times that are as far from the middle
/// as 1.96 standard deviations of a binomial distribution.
inline bool is_certain(const std::vector<double>& sorted, double interval) noexcept {
  const auto count = static_cast<double>(sorted.size());
  const double away = 0.98 * std::sqrt(count);
  const double low = std::floor(count / 2 - away);
  const double high = std::ceil(count / 2 + away);
  if (low < 0 || high > count - 1) return false;
  return sorted[static_cast<std::size_t>(high)] - sorted[static_cast<std::size_t>(low)] <=
         2 * interval * median_of(sorted);
}

/// Calls `run`, which returns microseconds, again and again. The first time is not counted: it has caches, pages and
/// code to bring in. Throws: what `run` throws.
template <class Run>
measured measure(const effort& by, Run&& run) {
  using clock = std::chrono::steady_clock;
  constexpr int a_block = 8;
  constexpr int least = 3;
  const auto began = clock::now();
  double last_us = run();
  double spent_us = last_us;
  std::vector<double> times;
  while (static_cast<int>(times.size()) < by.most_repetitions) {
    const double before_us = std::exchange(last_us, std::max(run(), 0.0));
    times.push_back(last_us);
    spent_us += last_us;
    const double real_us = std::chrono::duration<double, std::micro>(clock::now() - began).count();
    const double passed_us = by.heeds_real_time ? std::max(spent_us, real_us) : spent_us;
    // What takes so long that two times more would take as long as a point has is measured once; unless something else
    // was in the way, which two times that are alike deny.
    const bool is_slow = passed_us >= 2 * by.most_us && last_us < 2 * before_us && before_us < 2 * last_us;
    if (passed_us >= by.most_us && (is_slow || static_cast<int>(times.size()) >= least)) break;
    if (times.size() % a_block != 0) continue;
    std::vector<double> sorted = times;
    std::ranges::sort(sorted);
    if (is_certain(sorted, by.interval)) break;
  }
  return summary_of(std::move(times), by.quantile);
}

/// The time of a point that holds `without_us` of something else. At least a tenth of the point's time is its own: what
/// is less is not known.
inline measured less(const measured& of, double without_us) noexcept {
  const double left_us = std::max(of.us - without_us, of.us / 10);
  const double median_us = std::max(of.median_us - without_us, of.median_us / 10);
  return {left_us, left_us > 0 ? of.sigma * of.us / left_us : 0, of.samples, median_us};
}
inline constant time_of(const measured& of) noexcept {
  return {limits::time(of.us), limits::sigma(of.sigma), of.samples, origin::calibrated};
}
/// So much in the time of a point.
inline constant rate_of(double amount, const measured& of) noexcept {
  return {limits::rate(amount / std::max(of.us, limits::least_us) * 1e6), limits::sigma(of.sigma), of.samples,
          origin::calibrated};
}

}  // namespace tandem::plan
