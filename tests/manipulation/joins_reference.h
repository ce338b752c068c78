#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "support/exact_array.h"

// What joins of arrays are to give: concat, roll, repeat and tile by plain loops.
namespace tandem::testing {

inline std::int64_t product(const dims& shape, int begin, int end) {
  std::int64_t size = 1;
  for (int axis = begin; axis < end; ++axis) size *= shape[axis];
  return size;
}

// Values of a narrower dtype in the one they are promoted to.
inline exact converted(exact x, dtype to) {
  if (real_part(to) == dtype::float32) return {static_cast<float>(x.real()), static_cast<float>(x.imag())};
  if (is_floating(to)) return {static_cast<real_number>(static_cast<double>(x.real())), x.imag()};
  return x;
}

inline exact_array joined(const std::vector<exact_array>& parts, int axis, dtype type) {
  exact_array result{type, parts.front().shape, {}};
  result.shape[axis] = 0;
  for (const exact_array& each : parts) result.shape[axis] += each.shape[axis];
  const std::int64_t rows = product(result.shape, 0, axis);
  for (std::int64_t row = 0; row < rows; ++row) {
    for (const exact_array& each : parts) {
      const std::int64_t run = product(each.shape, axis, each.shape.size());
      for (std::int64_t i = 0; i < run; ++i)
        result.at.push_back(converted(each.at[static_cast<std::size_t>(row * run + i)], type));
    }
  }
  return result;
}

inline exact_array flattened(exact_array x) {
  x.shape = {static_cast<std::int64_t>(x.at.size())};
  return x;
}

inline exact_array rolled(const exact_array& x, int axis, std::int64_t shift) {
  exact_array result = x;
  const dims strides = row_major_strides(x.shape);
  const std::int64_t extent = x.shape[axis];
  for (std::int64_t n = 0; n < static_cast<std::int64_t>(x.at.size()); ++n) {
    const std::int64_t position = n / strides[axis] % extent;
    const whole to = ((static_cast<whole>(position) + shift) % extent + extent) % extent;
    result.at[static_cast<std::size_t>(n + (static_cast<std::int64_t>(to) - position) * strides[axis])] =
        x.at[static_cast<std::size_t>(n)];
  }
  return result;
}

inline exact_array repeated(const exact_array& x, int axis, const std::vector<std::int64_t>& counts) {
  exact_array result{x.type, x.shape, {}};
  result.shape[axis] = 0;
  for (const std::int64_t each : counts) result.shape[axis] += each;
  const std::int64_t run = product(x.shape, axis + 1, x.shape.size());
  const std::int64_t rows = product(x.shape, 0, axis);
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const std::int64_t first = (row * x.shape[axis] + static_cast<std::int64_t>(i)) * run;
      for (std::int64_t copy = 0; copy < counts[i]; ++copy) {
        result.at.insert(result.at.end(), x.at.begin() + first, x.at.begin() + first + run);
      }
    }
  }
  return result;
}

inline exact_array tiled(const exact_array& x, const dims& repetitions) {
  const int rank = std::max(x.shape.size(), repetitions.size());
  exact_array result = x;
  dims counts = repetitions;
  while (result.shape.size() < rank) result.shape.insert(0, 1);
  while (counts.size() < rank) counts.insert(0, 1);
  for (int axis = 0; axis < rank; ++axis) {
    const exact_array once = result;
    const std::int64_t run = product(once.shape, axis, rank);
    const std::int64_t rows = product(once.shape, 0, axis);
    result.at.clear();
    result.shape[axis] *= counts[axis];
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t copy = 0; copy < counts[axis]; ++copy) {
        result.at.insert(result.at.end(), once.at.begin() + row * run, once.at.begin() + (row + 1) * run);
      }
    }
  }
  return result;
}

}  // namespace tandem::testing
