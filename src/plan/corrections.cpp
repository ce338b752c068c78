#include "plan/corrections.h"

#include <algorithm>
#include <cmath>

namespace tandem::plan {

namespace {

// How far a measurement moves the mean.
constexpr double weight = 0.2;
// A measurement that is further from the mean counts as one that far.
constexpr double furthest = 4;

double median(double a, double b, double c) noexcept { return std::max(std::min(a, b), std::min(std::max(a, b), c)); }

}  // namespace

void correction::learn(double ratio, double most) noexcept {
  if (!std::isfinite(ratio) || ratio <= 0) return;
  // Of two threads that learn at once, one may be forgotten.
  const auto get = [](const std::atomic<float>& of) { return static_cast<double>(of.load(std::memory_order_relaxed)); };
  const auto put = [](std::atomic<float>& to, double value) {
    to.store(static_cast<float>(value), std::memory_order_relaxed);
  };
  const double before = get(factor_);
  const double seen = std::clamp(median(ratio, get(last_[0]), get(last_[1])), before / furthest, before * furthest);
  put(last_[0], get(last_[1]));
  put(last_[1], ratio);
  put(factor_, std::clamp(before + weight * (seen - before), 1 / most, most));
  put(sigma_, get(sigma_) + weight * (std::abs(seen / before - 1) - get(sigma_)));
  samples_.fetch_add(1, std::memory_order_relaxed);
}

void use_history::made(bool on_device) noexcept {
  // Older results count less: counts are halved now and then.
  constexpr std::uint32_t many = 64;
  std::atomic<std::uint32_t>& count = on_device ? made_on_device_ : made_on_host_;
  if (count.fetch_add(1, std::memory_order_relaxed) < many) return;
  std::atomic<std::uint32_t>& beside = on_device ? read_back_ : used_;
  count.store(many / 2, std::memory_order_relaxed);
  beside.store(beside.load(std::memory_order_relaxed) / 2, std::memory_order_relaxed);
}

double use_history::probability_of_reading() const noexcept {
  const auto get = [](const std::atomic<std::uint32_t>& of) {
    return static_cast<double>(of.load(std::memory_order_relaxed));
  };
  const double on_device = get(made_on_device_);
  if (on_device >= 4) return std::min(1.0, (get(read_back_) + 0.1) / on_device);
  const double made = get(made_on_host_) + on_device;
  // What was made last has not been used yet when this is asked.
  if (made < 2) return 1;
  return std::clamp(1 - get(used_) / (made - 1), 0.02, 1.0);
}

}  // namespace tandem::plan
