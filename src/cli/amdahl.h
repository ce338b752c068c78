#pragma once

#include <optional>
#include <span>
#include <vector>

namespace tandem::cli {

/// How long an evaluation took with one number of workers.
struct count_times {
  int workers;
  /// Seconds, one for each round; not empty. Times of the same round were measured close to each other.
  std::vector<double> rounds_s;
};

/// Amdahl's law, T(p) = T(1) * (s + (1 - s) / p), fitted to times.
struct amdahl_fit {
  /// T(1) of the law, which need not be the one measured.
  double one_worker_s;
  /// s as fitted: noise may make it negative, and work that slows down with more workers more than 1.
  double serial_fraction;
  /// Standard deviation of s over resamples of the rounds; nothing if there was one round.
  std::optional<double> standard_error;
  /// How many numbers of workers were fitted, and the largest.
  int counts;
  int largest_count;

  double seconds(int workers) const noexcept;
  double speedup(double workers) const noexcept;
};

/// Fits T(1) * s and T(1) * (1 - s), the coefficients of 1 and 1 / p, by least squares to the median of each count,
/// weighted by 1 / median**2 so that relative errors count alike. The error is found by a bootstrap: rounds are drawn
/// with replacement, the same for all counts because what disturbs a round disturbs its counts alike, 1000 times with a
/// fixed seed. All elements must have as many rounds.
/// Nothing for fewer than two counts, or if the times follow no such law (the fitted T(1) is not positive).
std::optional<amdahl_fit> fit_amdahl(std::span<const count_times> times);

}  // namespace tandem::cli
