#include "memory/use_history.h"

#include <algorithm>

namespace tandem::memory {

void use_history::made(bool on_device) noexcept {
  if (use_history* const whole = whole_.load(std::memory_order_relaxed)) whole->made(on_device);
  // Older results count less: counts are halved now and then.
  constexpr std::uint32_t many = 64;
  std::atomic<std::uint32_t>& count = on_device ? made_on_device_ : made_on_host_;
  if (count.fetch_add(1, std::memory_order_relaxed) < many) return;
  std::atomic<std::uint32_t>& beside = on_device ? read_back_ : used_;
  count.store(many / 2, std::memory_order_relaxed);
  beside.store(beside.load(std::memory_order_relaxed) / 2, std::memory_order_relaxed);
}

void use_history::forget() noexcept {
  for (std::atomic<std::uint32_t>* each : {&made_on_host_, &made_on_device_, &used_, &read_back_}) {
    each->store(0, std::memory_order_relaxed);
  }
}

void use_history::used() noexcept {
  if (use_history* const whole = whole_.load(std::memory_order_relaxed)) whole->used();
  used_.fetch_add(1, std::memory_order_relaxed);
}

void use_history::read_back() noexcept {
  if (use_history* const whole = whole_.load(std::memory_order_relaxed)) whole->read_back();
  read_back_.fetch_add(1, std::memory_order_relaxed);
}

double use_history::probability_of_reading(double unknown) const noexcept {
  const auto get = [](const std::atomic<std::uint32_t>& of) {
    return static_cast<double>(of.load(std::memory_order_relaxed));
  };
  const double on_device = get(made_on_device_);
  if (on_device >= 4) return std::min(1.0, (get(read_back_) + 0.1) / on_device);
  // What was made last may not have been used yet when this is asked.
  const double known = std::max(get(made_on_host_) + on_device - 1, get(used_));
  if (known < 1) return unknown;
  return std::clamp(1 - get(used_) / known, 0.02, 1.0);
}

}  // namespace tandem::memory
