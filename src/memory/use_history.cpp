#include "memory/use_history.h"

#include <algorithm>

namespace tandem::memory {

void use_history::made(bool on_device) noexcept {
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

}  // namespace tandem::memory
