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

void correction::forget() noexcept {
  factor_.store(1, std::memory_order_relaxed);
  sigma_.store(0, std::memory_order_relaxed);
  samples_.store(0, std::memory_order_relaxed);
  for (std::atomic<float>& each : last_) each.store(1, std::memory_order_relaxed);
}

void correction::restore(double factor, double sigma, int samples) noexcept {
  factor_.store(static_cast<float>(factor), std::memory_order_relaxed);
  sigma_.store(static_cast<float>(sigma), std::memory_order_relaxed);
  samples_.store(samples, std::memory_order_relaxed);
  // One measurement that differs from both is as strange as it is after many.
  for (std::atomic<float>& each : last_) each.store(static_cast<float>(factor), std::memory_order_relaxed);
}

}  // namespace tandem::plan
