#pragma once

#include <gmp.h>

#include <complex>
#include <cstdlib>
#include <limits>
#include <variant>

#include "elementwise/mp_number.h"

// Reference functions in wider arithmetic, by the definitions and not by the formulas of the library: booleans as bool,
// integers as 128-bit integers that are reduced afterwards, real numbers as `mp`, complex numbers in long double, whose
// 64 bits are 11 more than double has.
namespace tandem::testing {

__extension__ typedef __int128 whole;
__extension__ typedef unsigned __int128 natural;
using complex = std::complex<long double>;

// What an element should be. Integers may be out of range of their dtype: they wrap.
using expected = std::variant<bool, whole, mp, complex>;

inline expected expect(bool value) { return value; }
inline expected expect(int value) { return static_cast<whole>(value); }
inline expected expect(whole value) { return value; }
inline expected expect(const mp& value) { return value; }
inline expected expect(long double value) { return mp(value); }
inline expected expect(const complex& value) { return value; }

// Precision of the format of a column's elements, for the functions that depend on it. Set by the test.
struct float_format {
  int digits;
  int min_exponent;  // of the smallest normal number, as std::numeric_limits counts
  int max_exponent;
};
inline float_format current_format{};

namespace ref {

// ---- integers
// Unsigned: two large uint64 leave the 127 bits of a positive `whole`.
inline whole multiply(whole x, whole y) {
  return static_cast<whole>(static_cast<natural>(x) * static_cast<natural>(y));
}
inline whole floor_divide(whole x, whole y) {
  if (y == 0) return 0;
  whole quotient = x / y;
  if (quotient * y != x && ((x < 0) != (y < 0))) --quotient;
  return quotient;
}
inline whole remainder(whole x, whole y) { return y == 0 ? 0 : x - floor_divide(x, y) * y; }
inline whole power(whole x, whole y) {
  if (y < 0) return x == 1 ? 1 : x == -1 ? (y % 2 == 0 ? 1 : -1) : 0;
  // By GMP, modulo 2 to the power of 64.
  mpz_t base, exponent, modulus;
  mpz_init(base);
  mpz_init(exponent);
  mpz_init(modulus);
  const auto magnitude = static_cast<unsigned long>(x < 0 ? -x : x);
  mpz_set_ui(base, magnitude);
  if (x < 0) mpz_neg(base, base);
  mpz_set_ui(exponent, static_cast<unsigned long>(y));
  mpz_ui_pow_ui(modulus, 2, 64);
  mpz_powm(base, base, exponent, modulus);
  const whole result = static_cast<whole>(mpz_get_ui(base));
  mpz_clear(base);
  mpz_clear(exponent);
  mpz_clear(modulus);
  return result;
}
inline whole abs(whole x) { return x < 0 ? -x : x; }
inline whole sign(whole x) { return x < 0 ? -1 : x > 0 ? 1 : 0; }
inline whole maximum(whole x, whole y) { return x < y ? y : x; }
inline whole minimum(whole x, whole y) { return x < y ? x : y; }
inline whole ceil(whole x) { return x; }
inline whole floor(whole x) { return x; }
inline whole trunc(whole x) { return x; }
inline whole round(whole x) { return x; }
inline whole real(whole x) { return x; }
inline whole imag(whole) { return 0; }
inline whole conj(whole x) { return x; }
inline bool isfinite(whole) { return true; }
inline bool isinf(whole) { return false; }
inline bool isnan(whole) { return false; }
inline bool signbit(whole x) { return x < 0; }
inline bool truth(whole x) { return x != 0; }
inline whole bitwise_and(whole x, whole y) { return x & y; }
inline whole bitwise_or(whole x, whole y) { return x | y; }
inline whole bitwise_xor(whole x, whole y) { return x ^ y; }
inline whole invert(whole x) { return -x - 1; }
inline bool invert(bool x) { return !x; }
inline whole left_shift(whole x, whole y) {
  if (y < 0) return 0;
  for (whole i = 0; i < y && i < 64; ++i) x = multiply(x, 2);
  return y < 64 ? x : 0;
}
inline whole right_shift(whole x, whole y) {
  if (y < 0) y = 64;
  for (whole i = 0; i < y && i < 64; ++i) x = floor_divide(x, 2);
  return x;
}

// ---- real numbers
inline mp constant(double value) { return mp(value); }
inline mp nan() { return constant(std::numeric_limits<double>::quiet_NaN()); }
inline mp abs(const mp& x) { return mp_result(mpfr_abs, x); }
inline mp with_sign(const mp& x, const mp& sign) { return mp_result(mpfr_copysign, x, sign); }
inline mp remainder(const mp& x, const mp& y) {
  const mp rest = mp_result(mpfr_fmod, x, y);
  if (rest.is_nan()) return rest;
  if (rest.is_zero()) return with_sign(rest, y);
  return rest.is_negative() != y.is_negative() ? rest + y : rest;
}
inline mp floor_divide(const mp& x, const mp& y) {
  if (x.is_inf() && !y.is_nan() && !y.is_zero()) return nan();
  if (x.is_nan() || y.is_nan() || y.is_zero()) return x / y;
  if (y.is_inf())
    return x.is_zero() || x.is_negative() == y.is_negative() ? with_sign(constant(0), x / y) : constant(-1);
  // Enough bits for the quotient of the largest by the smallest double to be exact.
  mp quotient(0.0, 2200);
  mpfr_fmod(quotient.get(), x.get(), y.get(), MPFR_RNDN);
  mpfr_sub(quotient.get(), x.get(), quotient.get(), MPFR_RNDN);
  mpfr_div(quotient.get(), quotient.get(), y.get(), MPFR_RNDN);
  const mp rest = mp_result(mpfr_fmod, x, y);
  if (!rest.is_zero() && rest.is_negative() != y.is_negative())
    mpfr_sub_ui(quotient.get(), quotient.get(), 1, MPFR_RNDN);
  return quotient.is_zero() ? with_sign(constant(0), x / y) : quotient;
}
inline mp power(const mp& x, const mp& y) { return mp_result(mpfr_pow, x, y); }
inline mp sign(const mp& x) {
  if (x.is_nan()) return x;
  return constant(x.is_zero() ? 0 : x.is_negative() ? -1 : 1);
}
inline mp sqrt(const mp& x) { return mp_result(mpfr_sqrt, x); }
inline mp reciprocal(const mp& x) { return constant(1) / x; }
inline mp maximum(const mp& x, const mp& y) { return x.is_nan() ? x : y.is_nan() ? y : x > y ? x : y; }
inline mp minimum(const mp& x, const mp& y) { return x.is_nan() ? x : y.is_nan() ? y : x < y ? x : y; }
inline mp hypot(const mp& x, const mp& y) { return mp_result(mpfr_hypot, x, y); }
inline mp nextafter(const mp& x, const mp& y) {
  if (x.is_nan() || y.is_nan()) return nan();
  if (x == y) return y;
  const bool up = x < y;
  const int smallest = current_format.min_exponent - current_format.digits;
  mp step(1.0);
  if (x.is_zero()) {
    mpfr_mul_2si(step.get(), step.get(), smallest, MPFR_RNDN);
    return up ? step : -step;
  }
  mp largest(1.0);
  mpfr_mul_2si(largest.get(), largest.get(), current_format.digits, MPFR_RNDN);
  largest = largest - constant(1);
  mpfr_mul_2si(largest.get(), largest.get(), current_format.max_exponent - current_format.digits, MPFR_RNDN);
  if (x.is_inf()) return with_sign(largest, x);
  long exponent = x.exponent() - current_format.digits;
  mp half(x.is_negative() ? -0.5 : 0.5);
  mpfr_mul_2si(half.get(), half.get(), x.exponent(), MPFR_RNDN);
  if (x == half && up == x.is_negative()) --exponent;  // the gap below a power of two is half the one above
  mpfr_mul_2si(step.get(), step.get(), exponent < smallest ? smallest : exponent, MPFR_RNDN);
  const mp next = up ? x + step : x - step;
  if (abs(next) > largest) return with_sign(constant(std::numeric_limits<double>::infinity()), x);
  return next.is_zero() ? with_sign(next, x) : next;
}
inline mp ceil(const mp& x) {
  return mp_result([](auto* r, auto* v, auto) { mpfr_ceil(r, v); }, x);
}
inline mp floor(const mp& x) {
  return mp_result([](auto* r, auto* v, auto) { mpfr_floor(r, v); }, x);
}
inline mp trunc(const mp& x) {
  return mp_result([](auto* r, auto* v, auto) { mpfr_trunc(r, v); }, x);
}
inline mp round(const mp& x) {
  return mp_result([](auto* r, auto* v, auto) { mpfr_roundeven(r, v); }, x);
}
inline mp exp(const mp& x) { return mp_result(mpfr_exp, x); }
inline mp expm1(const mp& x) { return mp_result(mpfr_expm1, x); }
inline mp log(const mp& x) { return mp_result(mpfr_log, x); }
inline mp log1p(const mp& x) { return mp_result(mpfr_log1p, x); }
inline mp log2(const mp& x) { return mp_result(mpfr_log2, x); }
inline mp log10(const mp& x) { return mp_result(mpfr_log10, x); }
inline mp logaddexp(const mp& x, const mp& y) {
  if (x.is_inf() || y.is_inf()) return x.is_nan() || y.is_nan() ? nan() : x > y ? x : y;
  const mp& larger = x > y ? x : y;
  const mp& smaller = x > y ? y : x;
  return larger + log1p(exp(smaller - larger));
}
inline mp sin(const mp& x) { return mp_result(mpfr_sin, x); }
inline mp cos(const mp& x) { return mp_result(mpfr_cos, x); }
inline mp tan(const mp& x) { return mp_result(mpfr_tan, x); }
inline mp asin(const mp& x) { return mp_result(mpfr_asin, x); }
inline mp acos(const mp& x) { return mp_result(mpfr_acos, x); }
inline mp atan(const mp& x) { return mp_result(mpfr_atan, x); }
inline mp atan2(const mp& x, const mp& y) { return mp_result(mpfr_atan2, x, y); }
inline mp sinh(const mp& x) { return mp_result(mpfr_sinh, x); }
inline mp cosh(const mp& x) { return mp_result(mpfr_cosh, x); }
inline mp tanh(const mp& x) { return mp_result(mpfr_tanh, x); }
inline mp asinh(const mp& x) { return mp_result(mpfr_asinh, x); }
inline mp acosh(const mp& x) { return mp_result(mpfr_acosh, x); }
inline mp atanh(const mp& x) { return mp_result(mpfr_atanh, x); }
inline mp real(const mp& x) { return x; }
inline mp imag(const mp&) { return constant(0); }
inline mp conj(const mp& x) { return x; }
inline bool isfinite(const mp& x) { return mpfr_number_p(x.get()) != 0; }
inline bool isinf(const mp& x) { return x.is_inf(); }
inline bool isnan(const mp& x) { return x.is_nan(); }
inline bool signbit(const mp& x) { return x.is_negative(); }
inline bool truth(const mp& x) { return !x.is_zero(); }

// ---- complex numbers
inline complex multiply(const complex& x, const complex& y) {
  // By parts: operator* turns a nan into an infinity at times.
  return {x.real() * y.real() - x.imag() * y.imag(), x.real() * y.imag() + x.imag() * y.real()};
}
inline mp multiply(const mp& x, const mp& y) { return x * y; }
inline complex divide(const complex& x, const complex& y) {
  if (y == complex(0)) return {x.real() / 0.0L, x.imag() / 0.0L};
  const long double squared = y.real() * y.real() + y.imag() * y.imag();
  const complex product = multiply(x, std::conj(y));
  return {product.real() / squared, product.imag() / squared};
}
inline mp divide(const mp& x, const mp& y) { return x / y; }
inline complex reciprocal(const complex& x) { return divide({1, 0}, x); }
inline long double abs(const complex& x) { return std::abs(x); }
inline complex sign(const complex& x) {
  if (std::isnan(x.real()) || std::isnan(x.imag())) return {NAN, NAN};
  if (std::isinf(x.real()) != std::isinf(x.imag())) {
    return std::isinf(x.real()) ? complex(x.real() > 0 ? 1 : -1, 0 * x.imag())
                                : complex(0 * x.real(), x.imag() > 0 ? 1 : -1);
  }
  const long double modulus = std::abs(x);
  return x == complex(0) ? complex(0) : complex(x.real() / modulus, x.imag() / modulus);
}
inline complex power(const complex& x, const complex& y) {
  if (y == complex(0)) return {1, 0};
  if (x == complex(0)) return y.imag() == 0 && y.real() > 0 ? complex(0) : complex(NAN, NAN);
  return std::exp(multiply(y, std::log(x)));
}
inline complex round(const complex& x) { return {std::rint(x.real()), std::rint(x.imag())}; }
inline complex sqrt(const complex& x) { return std::sqrt(x); }
inline complex exp(const complex& x) { return std::exp(x); }
// exp(z) - 1 and log(1 + z) by their definitions, with bits enough for the smallest subnormal double.
inline complex expm1(const complex& z) {
  if (!std::isfinite(z.real()) || !std::isfinite(z.imag())) return std::exp(z) - complex(1, 0);
  if (z.imag() == 0) return {expm1(mp(z.real())).to_long_double(), z.imag()};
  const mp y(z.imag(), 2400);
  const mp size = exp(mp(z.real(), 2400));
  const mp re = size * cos(y) - mp(1.0, 2400);
  return {re.to_long_double(), (size * sin(y)).to_long_double()};
}
inline complex log1p(const complex& z) {
  if (!std::isfinite(z.real()) || !std::isfinite(z.imag())) return std::log(complex(1 + z.real(), z.imag()));
  const mp x = mp(1.0, 2400) + mp(z.real(), 2400);
  const mp y(z.imag(), 2400);
  const mp re = log(x * x + y * y) / mp(2.0, 2400);
  return {z.real() == 0 && z.imag() == 0 ? z.real() : re.to_long_double(),
          mp_result(mpfr_atan2, y, x).to_long_double()};
}
inline complex log(const complex& x) { return std::log(x); }
inline complex log2(const complex& x) {
  const complex natural = std::log(x);
  return {natural.real() / std::log(2.0L), natural.imag() / std::log(2.0L)};
}
inline complex log10(const complex& x) {
  const complex natural = std::log(x);
  return {natural.real() / std::log(10.0L), natural.imag() / std::log(10.0L)};
}
inline complex sin(const complex& x) { return std::sin(x); }
inline complex cos(const complex& x) { return std::cos(x); }
inline complex tan(const complex& x) { return std::tan(x); }
inline complex asin(const complex& x) { return std::asin(x); }
inline complex acos(const complex& x) { return std::acos(x); }
inline complex atan(const complex& x) { return std::atan(x); }
inline complex sinh(const complex& x) { return std::sinh(x); }
inline complex cosh(const complex& x) { return std::cosh(x); }
inline complex tanh(const complex& x) { return std::tanh(x); }
inline complex asinh(const complex& x) { return std::asinh(x); }
inline complex acosh(const complex& x) { return std::acosh(x); }
inline complex atanh(const complex& x) { return std::atanh(x); }
inline long double real(const complex& x) { return x.real(); }
inline long double imag(const complex& x) { return x.imag(); }
inline complex conj(const complex& x) { return std::conj(x); }
inline bool isfinite(const complex& x) { return std::isfinite(x.real()) && std::isfinite(x.imag()); }
inline bool isinf(const complex& x) { return std::isinf(x.real()) || std::isinf(x.imag()); }
inline bool isnan(const complex& x) { return std::isnan(x.real()) || std::isnan(x.imag()); }
inline bool truth(const complex& x) { return x != complex(0); }

}  // namespace ref
}  // namespace tandem::testing
