#include "cli/amdahl.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>

#include "cli/quantile.h"

namespace tandem::cli {

namespace {

constexpr int resamples = 1000;
constexpr std::uint64_t seed = 20240229;

// The coefficients of 1 and 1 / p.
struct coefficients {
  double constant;
  double shared;

  double one_worker() const noexcept { return constant + shared; }
  double serial_fraction() const noexcept { return constant / one_worker(); }
};

coefficients least_squares(std::span<const count_times> times, std::span<const double> medians) {
  double w = 0;
  double wu = 0;
  double wuu = 0;
  double wt = 0;
  double wut = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double u = 1.0 / times[i].workers;
    const double weight = 1.0 / (medians[i] * medians[i]);
    w += weight;
    wu += weight * u;
    wuu += weight * u * u;
    wt += weight * medians[i];
    wut += weight * u * medians[i];
  }
  const double determinant = w * wuu - wu * wu;
  return {(wuu * wt - wu * wut) / determinant, (w * wut - wu * wt) / determinant};
}

std::optional<double> bootstrap_error(std::span<const count_times> times) {
  const std::size_t rounds = times.front().rounds_s.size();
  if (rounds < 2) return std::nullopt;
  std::mt19937_64 random(seed);
  std::vector<std::size_t> drawn(rounds);
  std::vector<double> sample(rounds);
  std::vector<double> medians(times.size());
  // Welford's running variance.
  int count = 0;
  double mean = 0;
  double squares = 0;
  for (int i = 0; i < resamples; ++i) {
    // The remainder favours small numbers by less than 1e-15; std::uniform_int_distribution differs between libraries.
    for (std::size_t& each : drawn) each = static_cast<std::size_t>(random() % rounds);
    for (std::size_t k = 0; k < times.size(); ++k) {
      for (std::size_t r = 0; r < rounds; ++r) sample[r] = times[k].rounds_s[drawn[r]];
      medians[k] = median(sample);
    }
    const coefficients found = least_squares(times, medians);
    if (!(found.one_worker() > 0)) continue;
    const double distance = found.serial_fraction() - mean;
    mean += distance / ++count;
    squares += distance * (found.serial_fraction() - mean);
  }
  if (count < 2) return std::nullopt;
  return std::sqrt(squares / (count - 1));
}

}  // namespace

double amdahl_fit::seconds(int workers) const noexcept {
  return one_worker_s * (serial_fraction + (1 - serial_fraction) / workers);
}

double amdahl_fit::speedup(double workers) const noexcept {
  return 1 / (serial_fraction + (1 - serial_fraction) / workers);
}

std::optional<amdahl_fit> fit_amdahl(std::span<const count_times> times) {
  if (times.size() < 2) return std::nullopt;
  std::vector<double> medians;
  for (const count_times& each : times) medians.push_back(median(each.rounds_s));
  const coefficients found = least_squares(times, medians);
  if (!(found.one_worker() > 0)) return std::nullopt;
  int largest = 0;
  for (const count_times& each : times) largest = std::max(largest, each.workers);
  return amdahl_fit{found.one_worker(), found.serial_fraction(), bootstrap_error(times), static_cast<int>(times.size()),
                    largest};
}

}  // namespace tandem::cli
