#pragma once

#include "ops/formulas/complex_exponential.h"
#include "ops/formulas/floats.h"
#include "ops/formulas/target.h"

// Trigonometric and hyperbolic functions of complex numbers; see complex_exponential.h for why and which special
// values. sin(z) is -i sinh(iz), and so on; as these functions are odd and commute with conjugation, that is an
// exchange of the parts before and after.
namespace tandem::formulas::inline TANDEM_ISA {

template <class T>
TANDEM_HD inline math::complex<T> parts_exchanged(math::complex<T> z) {
  return {z.imag(), z.real()};
}

// Above it, cosh overflows; half of it is far above where cosh and sinh(|x|) agree.
template <class T>
inline constexpr T largest_cosh = sizeof(T) == 4 ? T(89) : T(710);

template <class T>
TANDEM_HD inline math::complex<T> td_sinh(math::complex<T> z) {
  const T x = z.real();
  const T y = z.imag();
  if (y == 0) return {math::sinh(x), y};
  if (!td_isfinite(y)) return {x == 0 || td_isinf(x) ? x : y - y, y - y};
  const T c = math::cos(y);
  const T s = math::sin(y);
  if (math::fabs(x) < largest_cosh<T>) return {math::sinh(x) * c, math::cosh(x) * s};
  // The product with a small cosine or sine may still be finite.
  const T half = math::exp(math::fabs(x) / 2);
  return {math::copysign(half, x) / 2 * c * half, half / 2 * s * half};
}

template <class T>
TANDEM_HD inline math::complex<T> td_cosh(math::complex<T> z) {
  const T x = z.real();
  const T y = z.imag();
  if (y == 0) return {math::cosh(x), math::copysign(T(0), x) * y};
  if (!td_isfinite(y)) return {td_isinf(x) ? math::fabs(x) : y - y, x == 0 ? x : y - y};
  const T c = math::cos(y);
  const T s = math::sin(y);
  if (math::fabs(x) < largest_cosh<T>) return {math::cosh(x) * c, math::sinh(x) * s};
  const T half = math::exp(math::fabs(x) / 2);
  return {half / 2 * c * half, math::copysign(half, x) / 2 * s * half};
}

// (sinh(x) cosh(x) + i sin(y) cos(y)) / (sinh(x)^2 + cos(y)^2), and far from 0 the same in exp(-2 |x|), which keeps a
// digit more. Within 4.9 ulp in 24 million points (glibc 2.36); Kahan's form of 1987, with tan(y), has 6.4.
template <class T>
TANDEM_HD inline math::complex<T> td_tanh(math::complex<T> z) {
  const T x = z.real();
  const T y = z.imag();
  if (td_isnan(x)) return {x, y == 0 ? y : x};
  if (td_isinf(x))
    return {math::copysign(T(1), x), math::copysign(T(0), td_isfinite(y) ? math::sin(y) * math::cos(y) : y)};
  if (!td_isfinite(y)) return {x == 0 ? x : y - y, y - y};
  const T c = math::cos(y);
  const T s = math::sin(y);
  if (math::fabs(x) > T(0.5)) {
    const T e = math::exp(-2 * math::fabs(x));
    const T divisor = (1 - e) * (1 - e) + 4 * e * c * c;
    return {math::copysign((1 - e) * (1 + e) / divisor, x), 4 * e * s * c / divisor};
  }
  const T sh = math::sinh(x);
  const T divisor = sh * sh + c * c;
  return {sh * math::cosh(x) / divisor, s * c / divisor};
}

template <class T>
TANDEM_HD inline math::complex<T> td_sin(math::complex<T> z) {
  return parts_exchanged(td_sinh(parts_exchanged(z)));
}

template <class T>
TANDEM_HD inline math::complex<T> td_cos(math::complex<T> z) {
  return td_cosh(math::complex<T>(-z.imag(), z.real()));
}

template <class T>
TANDEM_HD inline math::complex<T> td_tan(math::complex<T> z) {
  return parts_exchanged(td_tanh(parts_exchanged(z)));
}

// What asin and acos share, for |re z| and |im z|: the real parts of both and the modulus of their imaginary part.
// T. E. Hull, T. F. Fairgrieve, P. T. P. Tang, Implementing the complex arcsine and arccosine functions using exception
// handling, ACM TOMS 23 (1997).
template <class T>
struct arc_parts {
  T arcsine;
  T arccosine;
  T imaginary;
};

template <class T>
TANDEM_HD inline arc_parts<T> arc(T x, T y) {
  using limits = math::numeric_limits<T>;
  const T ln2 = T(0.6931471805599453);
  const T half_pi = T(1.5707963267948966);
  const T safe_max = math::sqrt(limits::max()) / 8;
  const T safe_min = math::sqrt(limits::min()) * 4;
  if (!(x < safe_max && x > safe_min && y < safe_max && y > safe_min)) {
    if (y < limits::epsilon() * math::fabs(x - 1)) {
      if (x < 1) return {math::asin(x), math::acos(x), y / math::sqrt((1 - x) * (1 + x))};
      const T imaginary = x < safe_max ? math::log1p(x - 1 + math::sqrt((x - 1) * (x + 1))) : ln2 + math::log(x);
      // The angle y / sqrt(x * x - 1), in an order without overflow.
      const T angle = y / math::sqrt(x - 1) / math::sqrt(x + 1);
      return {half_pi - angle, angle, imaginary};
    }
    if (y <= safe_min) return {half_pi - math::sqrt(y), math::sqrt(y), math::sqrt(y)};  // x is 1
    if (limits::epsilon() * y - 1 >= x) return {x / y, half_pi - x / y, ln2 + math::log(y)};
    if (x > 1) {
      const T ratio = x / y;
      return {math::atan(ratio), math::atan(y / x), ln2 + math::log(y) + math::log1p(ratio * ratio) / 2};
    }
    const T a = math::sqrt(1 + y * y);  // x is at most safe_min
    return {x / a, half_pi - x / a, math::log1p(2 * y * (y + a)) / 2};
  }
  const T r = math::hypot(x + 1, y);
  const T s = math::hypot(x - 1, y);
  const T a = (r + s) / 2;
  const T b = x / a;
  arc_parts<T> parts;
  if (b <= T(0.6417)) {
    parts.arcsine = math::asin(b);
    parts.arccosine = math::acos(b);
  } else {
    const T apx = a + x;
    const T root = x <= 1 ? math::sqrt(apx * (y * y / (r + x + 1) + (s + (1 - x))) / 2)
                          : y * math::sqrt((apx / (r + x + 1) + apx / (s + (x - 1))) / 2);
    parts.arcsine = math::atan2(x, root);
    parts.arccosine = math::atan2(root, x);
  }
  if (a <= T(1.5)) {
    const T am1 =
        x < 1 ? (y * y / (r + (x + 1)) + y * y / (s + (1 - x))) / 2 : (y * y / (r + (x + 1)) + (s + (x - 1))) / 2;
    parts.imaginary = math::log1p(am1 + math::sqrt(am1 * (a + 1)));
  } else {
    parts.imaginary = math::log(a + math::sqrt(a * a - 1));
  }
  return parts;
}

template <class T>
TANDEM_HD inline math::complex<T> td_asin(math::complex<T> z) {
  const T x = z.real();
  const T y = z.imag();
  if (td_isnan(z)) {
    if (td_isinf(x)) return {y, x};
    if (td_isinf(y)) return {x, y};
    return {x == 0 ? x : x + y, x + y};
  }
  if (td_isinf(z)) {
    return {math::copysign(math::atan2(math::fabs(x), math::fabs(y)), x),
            math::copysign(math::numeric_limits<T>::infinity(), y)};
  }
  const arc_parts<T> parts = arc(math::fabs(x), math::fabs(y));
  return {math::copysign(parts.arcsine, x), math::copysign(parts.imaginary, y)};
}

template <class T>
TANDEM_HD inline math::complex<T> td_acos(math::complex<T> z) {
  const T x = z.real();
  const T y = z.imag();
  if (td_isnan(z)) {
    if (td_isinf(x)) return {y, -math::numeric_limits<T>::infinity()};
    if (td_isinf(y)) return {x, -y};
    return {x == 0 ? T(1.5707963267948966) : x + y, x + y};
  }
  if (td_isinf(z)) return {math::atan2(math::fabs(y), x), math::copysign(math::numeric_limits<T>::infinity(), -y)};
  const arc_parts<T> parts = arc(math::fabs(x), math::fabs(y));
  return {math::signbit(x) ? T(3.141592653589793) - parts.arccosine : parts.arccosine,
          math::copysign(parts.imaginary, -y)};
}

template <class T>
TANDEM_HD inline math::complex<T> td_asinh(math::complex<T> z) {
  return parts_exchanged(td_asin(parts_exchanged(z)));
}

template <class T>
TANDEM_HD inline math::complex<T> td_acosh(math::complex<T> z) {
  const math::complex<T> w = td_acos(z);
  if (td_isnan(w.imag())) return {w.imag(), w.real()};
  return {math::fabs(w.imag()), math::copysign(w.real(), z.imag())};
}

// W. Kahan, Branch cuts for complex elementary functions, 1987; the order of the cases as in FreeBSD's catanh.
template <class T>
TANDEM_HD inline math::complex<T> td_atanh(math::complex<T> z) {
  using limits = math::numeric_limits<T>;
  const T half_pi = T(1.5707963267948966);
  const T x = math::fabs(z.real());
  const T y = math::fabs(z.imag());
  const auto with_signs = [&](T re, T im) {
    return math::complex<T>(math::copysign(re, z.real()), math::copysign(im, z.imag()));
  };
  if (y == 0 && x <= 1) return {math::atanh(z.real()), z.imag()};
  if (x == 0) return {z.real(), math::atan(z.imag())};
  if (td_isnan(z)) {
    if (td_isinf(x)) return {math::copysign(T(0), z.real()), z.imag()};
    if (td_isinf(y)) return {math::copysign(T(0), z.real()), math::copysign(half_pi, z.imag())};
    return complex_nan<T>();
  }
  const T large = 1 / limits::epsilon();
  if (x > large || y > large) {
    // The real part of 1 / z, in an order without overflow.
    const T re = td_isinf(x) || td_isinf(y) ? T(0) : x >= y ? 1 / (x + y * (y / x)) : x / y / (y + x * (x / y));
    return with_signs(re, half_pi);
  }
  const T re = x == 1 && y < limits::epsilon() ? (T(0.6931471805599453) - math::log(y)) / 2
                                               : math::log1p(4 * x / ((x - 1) * (x - 1) + y * y)) / 4;
  const T im = x == 1 ? math::atan2(T(2), -y) / 2 : math::atan2(2 * y, (1 - x) * (1 + x) - y * y) / 2;
  return with_signs(re, im);
}

template <class T>
TANDEM_HD inline math::complex<T> td_atan(math::complex<T> z) {
  return parts_exchanged(td_atanh(parts_exchanged(z)));
}

}  // namespace tandem::formulas::inline TANDEM_ISA
