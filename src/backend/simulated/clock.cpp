#include "backend/simulated/clock.h"

#include <algorithm>
#include <cmath>

namespace tandem::backend::simulation {

namespace {

constexpr double noise = 0.02;

// Times add up for as long as a process lives; no piece of work takes a thousand years.
std::int64_t whole_ns(double ns) noexcept { return static_cast<std::int64_t>(std::llround(std::clamp(ns, 0.0, 1e17))); }

}  // namespace

void clock::spend(double ns) noexcept { host_ns_ += whole_ns(ns); }

void clock::wait_until(std::int64_t time_ns) noexcept { host_ns_ = std::max(host_ns_, time_ns); }

std::int64_t clock::work(engine on, std::int64_t earliest_ns, double cost_ns) noexcept {
  std::int64_t& busy_until = busy_until_ns_[static_cast<std::size_t>(on)];
  busy_until = start_of(on, earliest_ns) + whole_ns(cost_ns);
  return busy_until;
}

std::int64_t clock::start_of(engine on, std::int64_t earliest_ns) const noexcept {
  return std::max({busy_until_ns_[static_cast<std::size_t>(on)], earliest_ns, host_ns_});
}

double clock::with_noise(double cost_ns) noexcept {
  // Twelve uniform numbers add up to nearly a normal one, by arithmetic that is the same everywhere.
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += static_cast<double>(next_random() >> 11) * 0x1p-53;
  return cost_ns * (1 + noise * sum);
}

double clock::with_jitter(double cost_ns) noexcept {
  const std::uint64_t bits = next_random();
  const double factor = 0.9 + 0.2 * (static_cast<double>(bits >> 11) * 0x1p-53);
  return cost_ns * factor * (bits % 128 == 0 ? 3 : 1);
}

// SplitMix64, by Sebastiano Vigna, in the public domain.
std::uint64_t clock::next_random() noexcept {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace tandem::backend::simulation
