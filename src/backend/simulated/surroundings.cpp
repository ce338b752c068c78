#include "backend/simulated/surroundings.h"

#include <algorithm>
#include <cmath>

namespace tandem::backend::simulation {

namespace {

/// A copy that lasts for more turns meets the average of them.
constexpr int most_turns = 1000;

}  // namespace

// The finish of SplitMix64, by Sebastiano Vigna, in the public domain.
double surroundings::random(std::uint64_t number) const noexcept {
  std::uint64_t z = seed_ + (number + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

bool surroundings::is_contended(std::int64_t time_ns, double contention) const noexcept {
  return random(static_cast<std::uint64_t>(time_ns / turn_ns)) < contention;
}

double surroundings::contended_ns(std::int64_t begin_ns, double cost_ns, double contention) const noexcept {
  if (contention <= 0) return cost_ns;
  double passed = 0;
  for (int turn = 0; turn < most_turns; ++turn) {
    const std::int64_t now = begin_ns + static_cast<std::int64_t>(passed);
    const double share = is_contended(now, contention) ? 0.5 : 1;
    const auto left = static_cast<double>(turn_ns - now % turn_ns);
    if (cost_ns <= left * share) return passed + cost_ns / share;
    passed += left;
    cost_ns -= left * share;
  }
  return passed + cost_ns / (1 - contention / 2);
}

double surroundings::drift_factor(std::int64_t time_ns, double drift) const noexcept {
  const auto begin = static_cast<std::int64_t>(random(~std::uint64_t{1}) * static_cast<double>(drift_period_ns));
  const double part = static_cast<double>((time_ns + begin) % drift_period_ns) / static_cast<double>(drift_period_ns);
  return 1 + drift * (4 * std::abs(part - 0.5) - 1);
}

}  // namespace tandem::backend::simulation
