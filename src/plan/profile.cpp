#include "plan/profile.h"

#include <algorithm>
#include <cmath>

namespace tandem::plan {

double curve::operator()(double size) const noexcept {
  // The negation puts what is not a number at the first point.
  if (!(size > at.front())) return values.front().value;
  if (size >= at.back()) return values.back().value;
  const auto above = static_cast<std::size_t>(std::ranges::upper_bound(at, size) - at.begin());
  const double low = values[above - 1].value;
  const double high = values[above].value;
  if (low == high) return low;
  const double part = std::log(size / at[above - 1]) / std::log(at[above] / at[above - 1]);
  return low * std::exp(part * std::log(high / low));
}

const constant& curve::nearest(double size) const noexcept {
  if (!(size > at.front())) return values.front();
  if (size >= at.back()) return values.back();
  const auto above = static_cast<std::size_t>(std::ranges::upper_bound(at, size) - at.begin());
  return size / at[above - 1] < at[above] / size ? values[above - 1] : values[above];
}

const device_profile* profile::find(std::string_view device) const noexcept {
  for (const named_device_profile& each : devices) {
    if (each.device == device) return &each.constants;
  }
  return nullptr;
}

}  // namespace tandem::plan
