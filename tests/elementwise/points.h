#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "elementwise/cases.h"
#include "elementwise/column.h"
#include "elementwise/rows.h"

// Operands to try: special numbers, each with each, and random ones of many kinds.
namespace tandem::testing {

using random_bits = std::mt19937_64;

template <class T>
std::vector<T> special_reals(const std::vector<double>& more) {
  using limits = std::numeric_limits<T>;
  std::vector<T> points;
  const auto add = [&](T value) {
    points.push_back(value);
    points.push_back(-value);
  };
  for (const double value : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 100.0}) add(static_cast<T>(value));
  add(1 + limits::epsilon());
  add(1 - limits::epsilon() / 2);
  add(limits::denorm_min());
  add(limits::min());
  add(limits::min() - limits::denorm_min());
  add(limits::max());
  add(limits::epsilon());
  add(limits::infinity());
  add(limits::quiet_NaN());
  for (const double value : more) add(static_cast<T>(value));
  return points;
}

template <class T>
T random_real(random_bits& bits) {
  using limits = std::numeric_limits<T>;
  const T unit = std::uniform_real_distribution<T>(-1, 1)(bits);
  switch (bits() % 9) {
    case 0: return unit;
    case 1: return unit * 10;
    case 2: return unit * 1000;
    case 3: return 1 + unit * std::ldexp(T(1), -static_cast<int>(bits() % limits::digits));
    case 4: return std::rint(unit * 100) + T(0.5);
    case 5: return std::rint(unit * 20);
    case 6: return std::ldexp(unit, -static_cast<int>(bits() % 40));
    case 7: return unit * 400;  // near the ends of exp and its relatives in double
    default:                    // any bits
      if constexpr (sizeof(T) == 4) {
        return std::bit_cast<T>(static_cast<std::uint32_t>(bits()));
      } else {
        return std::bit_cast<T>(static_cast<std::uint64_t>(bits()));
      }
  }
}

template <class T>
std::vector<T> special_integers(const std::vector<double>& more) {
  using limits = std::numeric_limits<T>;
  std::vector<T> points = {
      0, 1, 2, 3, 7, limits::max(), limits::max() - 1, limits::min(), limits::min() + 1, limits::max() / 2};
  if (std::is_signed_v<T>) points.insert(points.end(), {static_cast<T>(-1), static_cast<T>(-2), static_cast<T>(-3)});
  for (const double value : more) {
    if (value == std::rint(value) && value >= static_cast<double>(limits::min()) &&
        value < std::ldexp(1.0, limits::digits)) {
      points.push_back(static_cast<T>(value));
    }
  }
  return points;
}

template <class T>
T random_integer(random_bits& bits) {
  const std::uint64_t any = bits();
  switch (bits() % 3) {
    case 0: return static_cast<T>(any);
    case 1: return static_cast<T>(static_cast<T>(any) >> (bits() % (8 * sizeof(T))));
    default: return static_cast<T>(static_cast<int>(any % 41) - (std::is_signed_v<T> ? 20 : 0));
  }
}

// The products inside some formulas overflow where the result does not. That is the formula's definition (NumPy's too),
// so their complex operands stay where no product of them overflows or underflows.
constexpr bool needs_moderate_parts(op which) {
  return which == op::multiply || which == op::square || which == op::divide || which == op::reciprocal;
}

template <class Part>
bool is_moderate(Part value) {
  const int limit = std::numeric_limits<Part>::max_exponent / 5;
  return value == 0 || (std::isfinite(value) && std::abs(std::ilogb(value)) < limit);
}

// A part of operand `position` of a complex operation.
template <class Part>
Part random_part(op which, int position, random_bits& bits) {
  if (which == op::pow) {
    // Powers within the range of double, often with whole exponents.
    const Part unit = std::uniform_real_distribution<Part>(-1, 1)(bits);
    if (position == 0) return std::ldexp(unit, static_cast<int>(bits() % 5) - 2);
    return bits() % 2 == 0 ? std::rint(unit * 30) * static_cast<Part>(bits() % 2) : unit * 6;
  }
  for (;;) {
    const Part value = random_real<Part>(bits);
    if (!needs_moderate_parts(which) || is_moderate(value)) return value;
  }
}

template <class T>
T random_element(op which, int position, random_bits& bits) {
  if constexpr (std::is_same_v<T, bool>) {
    return bits() % 2 == 0;
  } else if constexpr (std::is_integral_v<T>) {
    return random_integer<T>(bits);
  } else if constexpr (std::is_floating_point_v<T>) {
    return random_real<T>(bits);
  } else {
    using Part = typename T::value_type;
    const Part re = random_part<Part>(which, position, bits);
    return {re, bits() % 8 == 0 ? Part(0) : random_part<Part>(which, position, bits)};
  }
}

template <class T>
std::vector<T> special_elements(op which) {
  const std::vector<double> more = points_of(which);
  if constexpr (std::is_same_v<T, bool>) {
    return {false, true};
  } else if constexpr (std::is_integral_v<T>) {
    return special_integers<T>(more);
  } else if constexpr (std::is_floating_point_v<T>) {
    return special_reals<T>(more);
  } else {
    using Part = typename T::value_type;
    std::vector<T> points;
    if (which == op::pow) return {T(1, 0), T(-1, 0), T(0, 1), T(2, 0), T(0.5, 0.5), T(0, -3), T(3, 4)};
    std::vector<Part> parts;
    for (const Part part : special_reals<Part>(more)) {
      if (!needs_moderate_parts(which) || is_moderate(part)) parts.push_back(part);
    }
    for (const Part re : parts) {
      for (const Part im : parts) points.emplace_back(re, im);
    }
    return points;
  }
}

/// Operands for an operation: for complex numbers at least the special ones, else each special one with each, then
/// `random_count` random ones, of which some in pairs that nearly agree.
inline std::vector<column> make_operands(const row& r, dtype type, std::size_t random_count, random_bits& bits) {
  return with_element(type, [&]<class T>(T) {
    std::vector<column> operands;
    if (r.arity == 3) operands.emplace_back(dtype::bool_);
    operands.resize(static_cast<std::size_t>(r.arity), column(type));
    const auto push = [&](T x, T y) {
      if (r.arity == 3) {
        operands[0].push(bits() % 2 == 0);
        operands[1].push(x);
        operands[2].push(y);
        return;
      }
      operands[0].push(x);
      if (r.arity == 2) operands[1].push(y);
    };
    const std::vector<T> special = special_elements<T>(r.which);
    const bool cross = r.arity >= 2 && special.size() <= 64;
    for (const T x : special) {
      if (cross) {
        for (const T y : special) push(x, y);
      } else {
        push(x, special[bits() % special.size()]);
      }
    }
    for (std::size_t i = 0; i < random_count; ++i) {
      const T x = random_element<T>(r.which, 0, bits);
      T y = random_element<T>(r.which, 1, bits);
      if constexpr (std::is_floating_point_v<T>) {
        if (i % 4 == 0) y = x + x * std::ldexp(y, -static_cast<int>(bits() % 60));
      }
      push(x, y);
    }
    return operands;
  });
}

}  // namespace tandem::testing
