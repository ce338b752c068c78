#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>

#include <tandem/ndarray.h>

namespace print_test {

/// An array of the given shape with the values in row-major order.
template <class T>
tandem::ndarray made(const tandem::dims& shape, std::initializer_list<T> values) {
  return tandem::array<T>(std::span<const T>(values.begin(), values.size()), shape);
}

/// An array with the values start, start + step, ...
template <class T>
tandem::ndarray ramp(const tandem::dims& shape, T start, T step) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  const auto values = std::make_unique<T[]>(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    values[static_cast<std::size_t>(i)] = static_cast<T>(start + static_cast<T>(i) * step);
  }
  return tandem::array<T>(std::span<const T>(values.get(), static_cast<std::size_t>(count)), shape);
}

}  // namespace print_test
