#pragma once

#include "ops/formulas/target.h"

// Formulas over integers and booleans. Signed arithmetic wraps, by way of unsigned types; nothing here is undefined.
namespace tandem::formulas::inline TANDEM_ISA {

template <integer T>
TANDEM_HD inline T td_add(T x, T y) {
  return static_cast<T>(static_cast<wrapping<T>>(x) + static_cast<wrapping<T>>(y));
}

template <boolean T>
TANDEM_HD inline T td_add(T x, T y) {
  return static_cast<bool>(x | y);
}

template <integer T>
TANDEM_HD inline T td_subtract(T x, T y) {
  return static_cast<T>(static_cast<wrapping<T>>(x) - static_cast<wrapping<T>>(y));
}

template <integer T>
TANDEM_HD inline T td_multiply(T x, T y) {
  return static_cast<T>(static_cast<wrapping<T>>(x) * static_cast<wrapping<T>>(y));
}

template <boolean T>
TANDEM_HD inline T td_multiply(T x, T y) {
  return static_cast<bool>(x & y);
}

template <integer T>
TANDEM_HD inline T td_negative(T x) {
  return static_cast<T>(wrapping<T>(0) - static_cast<wrapping<T>>(x));
}

template <integer T>
TANDEM_HD inline T td_floor_divide(T x, T y) {
  if (y == 0) return 0;
  if constexpr (math::is_signed_v<T>) {
    // The smallest integer divided by -1 has no quotient and traps on x86; negating wraps.
    if (y == -1) return td_negative(x);
    return static_cast<T>(x / y - static_cast<T>(x % y != 0 && (x < 0) != (y < 0)));
  } else {
    return static_cast<T>(x / y);
  }
}

template <integer T>
TANDEM_HD inline T td_remainder(T x, T y) {
  if (y == 0) return 0;
  if constexpr (math::is_signed_v<T>) {
    if (y == -1) return 0;
    const T rest = static_cast<T>(x % y);
    return rest != 0 && (rest < 0) != (y < 0) ? static_cast<T>(rest + y) : rest;
  } else {
    return static_cast<T>(x % y);
  }
}

template <integer T>
TANDEM_HD inline T td_pow(T x, T y) {
  if constexpr (math::is_signed_v<T>) {
    if (y < 0) return x == 1 ? T(1) : x == -1 ? static_cast<T>(y % 2 == 0 ? 1 : -1) : T(0);
  }
  wrapping<T> result = 1;
  wrapping<T> base = static_cast<wrapping<T>>(x);
  for (auto exponent = static_cast<wrapping<T>>(y); exponent != 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return static_cast<T>(result);
}

template <integer T>
TANDEM_HD inline T td_abs(T x) {
  if constexpr (math::is_signed_v<T>) {
    return x < 0 ? td_negative(x) : x;
  } else {
    return x;
  }
}

template <integer T>
TANDEM_HD inline T td_sign(T x) {
  if constexpr (math::is_signed_v<T>) {
    return static_cast<T>((x > 0) - (x < 0));
  } else {
    return static_cast<T>(x != 0);
  }
}

template <class T>
  requires integer<T> || boolean<T>
TANDEM_HD inline T td_maximum(T x, T y) {
  return x > y ? x : y;
}

template <class T>
  requires integer<T> || boolean<T>
TANDEM_HD inline T td_minimum(T x, T y) {
  return x < y ? x : y;
}

template <integer T>
TANDEM_HD inline T td_ceil(T x) {
  return x;
}

template <integer T>
TANDEM_HD inline T td_floor(T x) {
  return x;
}

template <integer T>
TANDEM_HD inline T td_trunc(T x) {
  return x;
}

template <integer T>
TANDEM_HD inline T td_round(T x) {
  return x;
}

template <class T>
  requires integer<T> || boolean<T>
TANDEM_HD inline bool td_isfinite(T) {
  return true;
}

template <class T>
  requires integer<T> || boolean<T>
TANDEM_HD inline bool td_isinf(T) {
  return false;
}

template <class T>
  requires integer<T> || boolean<T>
TANDEM_HD inline bool td_isnan(T) {
  return false;
}

template <integer T>
TANDEM_HD inline bool td_signbit([[maybe_unused]] T x) {
  if constexpr (math::is_signed_v<T>) {
    return x < 0;
  } else {
    return false;
  }
}

template <class T>
  requires integer<T> || boolean<T>
TANDEM_HD inline bool td_truth(T x) {
  return x != 0;
}

template <class T>
  requires integer<T> || boolean<T>
TANDEM_HD inline T td_bitwise_and(T x, T y) {
  return static_cast<T>(x & y);
}

template <class T>
  requires integer<T> || boolean<T>
TANDEM_HD inline T td_bitwise_or(T x, T y) {
  return static_cast<T>(x | y);
}

template <class T>
  requires integer<T> || boolean<T>
TANDEM_HD inline T td_bitwise_xor(T x, T y) {
  return static_cast<T>(x ^ y);
}

template <integer T>
TANDEM_HD inline T td_bitwise_invert(T x) {
  return static_cast<T>(~x);
}

template <boolean T>
TANDEM_HD inline T td_bitwise_invert(T x) {
  return !x;
}

// Whether a shift by y moves some bit of T to another place in T. A negative y is a large unsigned number.
template <integer T>
TANDEM_HD inline bool shifts_within(T y) {
  return static_cast<math::make_unsigned_t<T>>(y) < 8 * sizeof(T);
}

template <integer T>
TANDEM_HD inline T td_left_shift(T x, T y) {
  const bool within = shifts_within(y);
  const auto shifted = static_cast<T>(static_cast<wrapping<T>>(x) << (within ? y : T(0)));
  return within ? shifted : T(0);
}

template <integer T>
TANDEM_HD inline T td_right_shift(T x, T y) {
  const bool within = shifts_within(y);
  if constexpr (math::is_signed_v<T>) {
    return static_cast<T>(x >> (within ? y : static_cast<T>(8 * sizeof(T) - 1)));
  } else {
    const auto shifted = static_cast<T>(x >> (within ? y : T(0)));
    return within ? shifted : T(0);
  }
}

}  // namespace tandem::formulas::inline TANDEM_ISA
