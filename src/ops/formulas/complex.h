#pragma once

#include "ops/formulas/floats.h"
#include "ops/formulas/integers.h"
#include "ops/formulas/target.h"

// Formulas over complex numbers.
namespace tandem::formulas::inline TANDEM_ISA {

template <real_number T>
TANDEM_HD inline T td_real(T x) {
  return x;
}

template <class T>
TANDEM_HD inline T td_real(math::complex<T> x) {
  return x.real();
}

template <real_number T>
TANDEM_HD inline T td_imag(T) {
  return T(0);
}

template <class T>
TANDEM_HD inline T td_imag(math::complex<T> x) {
  return x.imag();
}

template <real_number T>
TANDEM_HD inline T td_conj(T x) {
  return x;
}

template <class T>
TANDEM_HD inline math::complex<T> td_conj(math::complex<T> x) {
  return {x.real(), -x.imag()};
}

template <class T>
TANDEM_HD inline math::complex<T> td_add(math::complex<T> x, math::complex<T> y) {
  return {x.real() + y.real(), x.imag() + y.imag()};
}

template <class T>
TANDEM_HD inline math::complex<T> td_subtract(math::complex<T> x, math::complex<T> y) {
  return {x.real() - y.real(), x.imag() - y.imag()};
}

// The plain formula, as NumPy's: operator* would call a function that recovers infinities after a nan.
template <class T>
TANDEM_HD inline math::complex<T> td_multiply(math::complex<T> x, math::complex<T> y) {
  return {x.real() * y.real() - x.imag() * y.imag(), x.real() * y.imag() + x.imag() * y.real()};
}

// Smith's algorithm, as NumPy's; a zero divisor gives the parts divided by 0.
template <class T>
TANDEM_HD inline math::complex<T> td_divide(math::complex<T> x, math::complex<T> y) {
  const T a = x.real(), b = x.imag(), c = y.real(), d = y.imag();
  if (math::fabs(c) >= math::fabs(d)) {
    if (c == 0 && d == 0) return {a / math::fabs(c), b / math::fabs(c)};
    const T ratio = d / c;
    const T scale = T(1) / (c + d * ratio);
    return {(a + b * ratio) * scale, (b - a * ratio) * scale};
  }
  const T ratio = c / d;
  const T scale = T(1) / (d + c * ratio);
  return {(a * ratio + b) * scale, (b * ratio - a) * scale};
}

template <class T>
TANDEM_HD inline math::complex<T> td_reciprocal(math::complex<T> x) {
  return td_divide(math::complex<T>(1, 0), x);
}

template <class T>
TANDEM_HD inline math::complex<T> td_negative(math::complex<T> x) {
  return {-x.real(), -x.imag()};
}

template <class T>
TANDEM_HD inline T td_abs(math::complex<T> x) {
  return math::hypot(x.real(), x.imag());
}

template <class T>
TANDEM_HD inline bool td_isfinite(math::complex<T> x) {
  return td_both(td_isfinite(x.real()), td_isfinite(x.imag()));
}

template <class T>
TANDEM_HD inline bool td_isinf(math::complex<T> x) {
  return td_either(td_isinf(x.real()), td_isinf(x.imag()));
}

template <class T>
TANDEM_HD inline bool td_isnan(math::complex<T> x) {
  return td_either(td_isnan(x.real()), td_isnan(x.imag()));
}

template <class T>
TANDEM_HD inline bool td_truth(math::complex<T> x) {
  return td_either(x.real() != 0, x.imag() != 0);
}

template <class T>
TANDEM_HD inline bool td_logical_and(T x, T y) {
  return td_both(td_truth(x), td_truth(y));
}

template <class T>
TANDEM_HD inline bool td_logical_or(T x, T y) {
  return td_either(td_truth(x), td_truth(y));
}

template <class T>
TANDEM_HD inline bool td_logical_xor(T x, T y) {
  return td_truth(x) != td_truth(y);
}

template <class T>
TANDEM_HD inline math::complex<T> td_round(math::complex<T> x) {
  return {td_round(x.real()), td_round(x.imag())};
}

// x / abs(x). Scaled by a power of two first where the modulus would overflow or lose digits.
template <class T>
TANDEM_HD inline math::complex<T> td_sign(math::complex<T> x) {
  using limits = math::numeric_limits<T>;
  const T largest = td_maximum(math::fabs(x.real()), math::fabs(x.imag()));
  if (largest == 0) return {T(0), T(0)};
  const T scale = largest > limits::max() / 4                   ? T(0.25)
                  : largest < limits::min() / limits::epsilon() ? 4 / limits::epsilon()
                                                                : T(1);
  T a = x.real() * scale;
  T b = x.imag() * scale;
  if (td_isinf(a) != td_isinf(b)) {  // the direction of the axis
    a = td_isinf(a) ? math::copysign(T(1), a) : a * 0;
    b = td_isinf(b) ? math::copysign(T(1), b) : b * 0;
  }
  const T modulus = math::hypot(a, b);
  return {a / modulus, b / modulus};
}

}  // namespace tandem::formulas::inline TANDEM_ISA
