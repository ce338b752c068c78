#pragma once

#include <cstdint>

// The operands of every worker, by one formula, so that results can be compared.
namespace peers {

/// Which operand: `a` or `b` of the works.
enum class operand : std::uint32_t { a = 1, b = 1'000'003 };

/// Element i: spread evenly over [0, 1), in multiples of 2^-24, which a float32 holds. Not sorted, so that searching
/// for the largest is neither the best case nor the worst; no denormals, which cost some chips a hundredfold.
inline double element(operand which, std::int64_t i) {
  const std::uint32_t scattered = (static_cast<std::uint32_t>(i) + static_cast<std::uint32_t>(which)) * 2654435761u;
  return static_cast<double>(scattered >> 8) * 0x1p-24;
}

template <class T>
void fill(T* to, std::int64_t count, operand which) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<T>(element(which, i));
}

}  // namespace peers
