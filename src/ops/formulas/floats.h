#pragma once

#include "ops/formulas/target.h"

// Formulas over float and double.
namespace tandem::formulas::inline TANDEM_ISA {

template <real_floating_or_vector T>
TANDEM_HD inline T td_add(T x, T y) {
  return x + y;
}

template <real_floating_or_vector T>
TANDEM_HD inline T td_subtract(T x, T y) {
  return x - y;
}

template <real_floating_or_vector T>
TANDEM_HD inline T td_multiply(T x, T y) {
  return x * y;
}

template <real_floating T>
TANDEM_HD inline T td_divide(T x, T y) {
  return x / y;
}

template <real_floating T>
TANDEM_HD inline T td_reciprocal(T x) {
  return T(1) / x;
}

template <real_floating T>
TANDEM_HD inline T td_negative(T x) {
  return -x;
}

template <real_floating T>
TANDEM_HD inline T td_abs(T x) {
  return math::fabs(x);
}

// floor_divide and remainder are NumPy's (npy_divmod): the remainder is exact or rounded once and has the sign of the
// divisor, and the quotient is what is left. It is off by 1 at times where it has nearly as many digits as the format.
template <real_floating T>
TANDEM_HD inline T td_floor_divide(T x, T y) {
  const T ratio = x / y;
  if (y == 0) return ratio;
  const T rest = math::fmod(x, y);
  T quotient = (x - rest) / y;
  if (rest != 0 && (y < 0) != (rest < 0)) quotient -= T(1);
  if (quotient == 0) return math::copysign(T(0), ratio);
  const T whole = math::floor(quotient);
  return quotient - whole > T(0.5) ? whole + T(1) : whole;
}

template <real_floating T>
TANDEM_HD inline T td_remainder(T x, T y) {
  const T rest = math::fmod(x, y);
  if (y == 0) return rest;
  if (rest == 0) return math::copysign(T(0), y);
  return (y < 0) != (rest < 0) ? rest + y : rest;
}

template <real_floating T>
TANDEM_HD inline T td_pow(T x, T y) {
  return math::pow(x, y);
}

template <real_floating T>
TANDEM_HD inline T td_sign(T x) {
  // The comparisons give 0 for nan; adding x - x would give nan for infinities too.
  const T sign = static_cast<T>((x > 0) - (x < 0));
  return x != x ? x : sign;
}

template <real_floating T>
TANDEM_HD inline T td_sqrt(T x) {
  return math::sqrt(x);
}

// A nan in y makes the comparison false and is returned; a nan in x is asked for. No short circuit: it would be a
// branch.
template <real_floating T>
TANDEM_HD inline T td_maximum(T x, T y) {
  return td_either(x > y, x != x) ? x : y;
}

template <real_floating T>
TANDEM_HD inline T td_minimum(T x, T y) {
  return td_either(x < y, x != x) ? x : y;
}

template <real_floating T>
TANDEM_HD inline T td_ceil(T x) {
  return math::ceil(x);
}

template <real_floating T>
TANDEM_HD inline T td_floor(T x) {
  return math::floor(x);
}

template <real_floating T>
TANDEM_HD inline T td_trunc(T x) {
  return math::trunc(x);
}

// Halves to even is the rounding mode that programs start in; tandem does not support running in another.
template <real_floating T>
TANDEM_HD inline T td_round(T x) {
  return math::rint(x);
}

template <real_floating T>
TANDEM_HD inline T td_exp(T x) {
  return math::exp(x);
}

template <real_floating T>
TANDEM_HD inline T td_expm1(T x) {
  return math::expm1(x);
}

template <real_floating T>
TANDEM_HD inline T td_log(T x) {
  return math::log(x);
}

template <real_floating T>
TANDEM_HD inline T td_log1p(T x) {
  return math::log1p(x);
}

template <real_floating T>
TANDEM_HD inline T td_log2(T x) {
  return math::log2(x);
}

template <real_floating T>
TANDEM_HD inline T td_log10(T x) {
  return math::log10(x);
}

template <real_floating T>
TANDEM_HD inline T td_logaddexp(T x, T y) {
  // Equal operands first: the difference of equal infinities is nan.
  if (x == y) return x + T(0.6931471805599453);
  const T difference = x - y;
  if (difference != difference) return difference;
  return difference > 0 ? x + math::log1p(math::exp(-difference)) : y + math::log1p(math::exp(difference));
}

template <real_floating T>
TANDEM_HD inline T td_sin(T x) {
  return math::sin(x);
}

template <real_floating T>
TANDEM_HD inline T td_cos(T x) {
  return math::cos(x);
}

template <real_floating T>
TANDEM_HD inline T td_tan(T x) {
  return math::tan(x);
}

template <real_floating T>
TANDEM_HD inline T td_asin(T x) {
  return math::asin(x);
}

template <real_floating T>
TANDEM_HD inline T td_acos(T x) {
  return math::acos(x);
}

template <real_floating T>
TANDEM_HD inline T td_atan(T x) {
  return math::atan(x);
}

template <real_floating T>
TANDEM_HD inline T td_sinh(T x) {
  return math::sinh(x);
}

template <real_floating T>
TANDEM_HD inline T td_cosh(T x) {
  return math::cosh(x);
}

template <real_floating T>
TANDEM_HD inline T td_tanh(T x) {
  return math::tanh(x);
}

template <real_floating T>
TANDEM_HD inline T td_asinh(T x) {
  return math::asinh(x);
}

template <real_floating T>
TANDEM_HD inline T td_acosh(T x) {
  return math::acosh(x);
}

template <real_floating T>
TANDEM_HD inline T td_atanh(T x) {
  return math::atanh(x);
}

// Comparisons only, so that loops over these vectorize.
template <real_floating T>
TANDEM_HD inline bool td_isfinite(T x) {
  return math::fabs(x) <= math::numeric_limits<T>::max();
}

template <real_floating T>
TANDEM_HD inline bool td_isinf(T x) {
  return math::fabs(x) == math::numeric_limits<T>::infinity();
}

template <real_floating T>
TANDEM_HD inline bool td_isnan(T x) {
  return x != x;
}

template <real_floating T>
TANDEM_HD inline bool td_signbit(T x) {
  return math::signbit(x);
}

template <real_floating T>
TANDEM_HD inline bool td_truth(T x) {
  return x != 0;
}

}  // namespace tandem::formulas::inline TANDEM_ISA
