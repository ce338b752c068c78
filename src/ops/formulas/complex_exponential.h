#pragma once

#include "ops/formulas/complex.h"
#include "ops/formulas/floats.h"
#include "ops/formulas/target.h"

// Exponentials, logarithms, roots and powers of complex numbers. Written in functions of real numbers, so that the host
// and CUDA compute the same, and accurately: log of cuda::std, which its inverse functions are built on, is
// log(abs(z)) and keeps few digits near the unit circle (CCCL 3.0). Infinities, nans and the signs of zeros follow
// annex G of C23, which the array API standard repeats.
namespace tandem::formulas::inline TANDEM_ISA {

template <class T>
TANDEM_HD inline math::complex<T> complex_nan() {
  return {math::numeric_limits<T>::quiet_NaN(), math::numeric_limits<T>::quiet_NaN()};
}

template <class T>
TANDEM_HD inline math::complex<T> td_exp(math::complex<T> z) {
  using limits = math::numeric_limits<T>;
  const T x = z.real();
  const T y = z.imag();
  if (y == 0) return {math::exp(x), y};
  if (!td_isfinite(y)) {
    if (x == -limits::infinity()) return {T(0), math::copysign(T(0), y)};
    return {x == limits::infinity() ? x : limits::quiet_NaN(), limits::quiet_NaN()};
  }
  const T c = math::cos(y);
  const T s = math::sin(y);
  const T e = math::exp(x);
  if (e == limits::infinity() && x != e) {
    // The product with a small sine may still be finite.
    const T half = math::exp(x / 2);
    return {half * c * half, half * s * half};
  }
  return {e * c, e * s};
}

template <class T>
TANDEM_HD inline math::complex<T> td_expm1(math::complex<T> z) {
  const T x = z.real();
  const T y = z.imag();
  if (y == 0) return {math::expm1(x), y};
  if (!td_isfinite(y) || !td_isfinite(x) || x > 40) {
    const math::complex<T> e = td_exp(z);
    return {e.real() - 1, e.imag()};
  }
  const T s = math::sin(y / 2);
  return {math::expm1(x) * math::cos(y) - 2 * s * s, math::exp(x) * math::sin(y)};
}

template <class T>
TANDEM_HD inline math::complex<T> td_log(math::complex<T> z) {
  using limits = math::numeric_limits<T>;
  const T x = math::fabs(z.real());
  const T y = math::fabs(z.imag());
  const T larger = td_maximum(x, y);
  const T smaller = td_minimum(x, y);
  const T angle = math::atan2(z.imag(), z.real());
  const T ln2 = T(0.6931471805599453);
  // Near the unit circle, log(hypot(x, y)) would keep the rounding error of hypot and little else.
  if (larger > T(0.6) && larger < T(1.5))
    return {math::log1p((larger - 1) * (larger + 1) + smaller * smaller) / 2, angle};
  if (larger > limits::max() / 4 && larger < limits::infinity())
    return {math::log(math::hypot(x / 4, y / 4)) + 2 * ln2, angle};
  if (larger < limits::min() / limits::epsilon() && smaller > 0) {
    constexpr int exponent = 2 * limits::digits;
    const T scale = T(1) / limits::epsilon() / limits::epsilon() * 4;  // 2 to the power of `exponent`
    return {math::log(math::hypot(x * scale, y * scale)) - T(exponent) * ln2, angle};
  }
  return {math::log(math::hypot(x, y)), angle};
}

template <class T>
TANDEM_HD inline math::complex<T> td_log1p(math::complex<T> z) {
  const T x = z.real();
  const T y = z.imag();
  if (y == 0 && x >= -1) return {math::log1p(x), y};
  if (math::fabs(x) <= T(0.5) && math::fabs(y) <= T(1))
    return {math::log1p(x * (x + 2) + y * y) / 2, math::atan2(y, 1 + x)};
  return td_log(math::complex<T>(1 + x, y));
}

template <class T>
TANDEM_HD inline math::complex<T> td_log2(math::complex<T> z) {
  const math::complex<T> natural = td_log(z);
  const T scale = T(1.4426950408889634);
  return {natural.real() * scale, natural.imag() * scale};
}

template <class T>
TANDEM_HD inline math::complex<T> td_log10(math::complex<T> z) {
  const math::complex<T> natural = td_log(z);
  const T scale = T(0.4342944819032518);
  return {natural.real() * scale, natural.imag() * scale};
}

template <class T>
TANDEM_HD inline math::complex<T> td_sqrt(math::complex<T> z) {
  using limits = math::numeric_limits<T>;
  T x = z.real();
  T y = z.imag();
  if (x == 0 && y == 0) return {T(0), y};
  if (td_isinf(y)) return {math::fabs(y), y};
  if (td_isnan(x)) return complex_nan<T>();
  if (td_isinf(x)) {
    // y - y is 0, or nan for a nan.
    if (x < 0) return {math::fabs(y - y), math::copysign(x, y)};
    return {x, math::copysign(y - y, y)};
  }
  // Scaled by a power of four where the modulus would overflow or be subnormal.
  T unscale = 1;
  if (math::fabs(x) > limits::max() / 4 || math::fabs(y) > limits::max() / 4) {
    x /= 4;
    y /= 4;
    unscale = 2;
  } else if (math::fabs(x) < limits::min() * 4 && math::fabs(y) < limits::min() * 4) {
    x /= limits::epsilon() * limits::epsilon();
    y /= limits::epsilon() * limits::epsilon();
    unscale = limits::epsilon();
  }
  const T root = math::sqrt((math::fabs(x) + math::hypot(x, y)) / 2);
  if (x >= 0) return {root * unscale, y / (2 * root) * unscale};
  return {math::fabs(y) / (2 * root) * unscale, math::copysign(root * unscale, y)};
}

// exp(y * log(x)), with powers of whole exponents up to 100 by squaring as NumPy and Python do: products of whole
// numbers stay exact.
TANDEM_HD inline math::complex<double> td_pow(math::complex<double> x, math::complex<double> y) {
  using complex = math::complex<double>;
  if (y.real() == 0 && y.imag() == 0) return {1, 0};
  if (x.real() == 0 && x.imag() == 0) return y.real() > 0 && y.imag() == 0 ? complex(0, 0) : complex_nan<double>();
  if (y.imag() == 0 && math::fabs(y.real()) < 100 && math::trunc(y.real()) == y.real()) {
    complex result(1, 0);
    complex base = x;
    int exponent = static_cast<int>(math::fabs(y.real()));
    for (bool first = true;; base = td_multiply(base, base)) {
      if (exponent % 2 != 0) {
        // Not 1 * base: infinities would become nan.
        result = first ? base : td_multiply(result, base);
        first = false;
      }
      exponent /= 2;
      if (exponent == 0) break;
    }
    return y.real() < 0 ? td_reciprocal(result) : result;
  }
  return td_exp(td_multiply(y, td_log(x)));
}

// In double: the error of the exponent y * log(x) becomes a relative error of the power.
TANDEM_HD inline math::complex<float> td_pow(math::complex<float> x, math::complex<float> y) {
  const math::complex<double> power =
      td_pow(math::complex<double>(x.real(), x.imag()), math::complex<double>(y.real(), y.imag()));
  return {static_cast<float>(power.real()), static_cast<float>(power.imag())};
}

}  // namespace tandem::formulas::inline TANDEM_ISA
