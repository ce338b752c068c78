#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdio>
#include <limits>
#include <string>

#include "elementwise/column.h"
#include "elementwise/reference.h"

// How far a result is from its reference.
namespace tandem::testing {

inline constexpr double wrong = std::numeric_limits<double>::infinity();

/// Exponent of one unit in the last place of numbers of format T with the given exponent.
template <class T>
int ulp_exponent(long exponent) {
  using limits = std::numeric_limits<T>;
  const long clamped = std::clamp<long>(exponent, limits::min_exponent, limits::max_exponent);
  return static_cast<int>(clamped) - limits::digits;
}

/// Units in the last place of `reference`, or of `at_least` if that is larger. `wrong` for an infinity, a nan or a zero
/// of the wrong sign. An overflow counts as the first number out of range.
template <class T>
double error_in_ulp(T result, const mp& reference, double at_least = 0) {
  using limits = std::numeric_limits<T>;
  if (std::isnan(result) || reference.is_nan()) return std::isnan(result) && reference.is_nan() ? 0 : wrong;
  if (reference.is_inf()) return std::isinf(result) && std::signbit(result) == reference.is_negative() ? 0 : wrong;
  if (at_least == 0 && result == 0 && std::signbit(result) != reference.is_negative()) return wrong;
  mp beyond(1.0);
  mpfr_mul_2si(beyond.get(), beyond.get(), limits::max_exponent, MPFR_RNDN);
  const bool overflows = ref::abs(reference) >= beyond;
  const mp value =
      std::isinf(result) ? ref::with_sign(beyond, mp(result > 0 ? 1.0 : -1.0)) : mp(static_cast<double>(result));
  long exponent = reference.is_zero() ? limits::min_exponent : reference.exponent();
  if (at_least > 0) exponent = std::max<long>(exponent, std::ilogb(at_least) + 1);
  mp difference = ref::abs(value - (overflows ? ref::with_sign(beyond, reference) : reference));
  mpfr_mul_2si(difference.get(), difference.get(), -ulp_exponent<T>(exponent), MPFR_RNDN);
  return difference.to_double();
}

/// For complex numbers: the modulus of the difference in units of the modulus of the reference. Infinities and nans
/// must be those of the reference, part by part; so must the signs of infinities and of zeros, where they are
/// specified.
template <class Part>
double error_in_ulp(std::complex<Part> result, const complex& reference, bool signed_infinities, bool signed_zeros) {
  const auto is_special = [](std::complex<long double> z) {
    return !std::isfinite(z.real()) || !std::isfinite(z.imag());
  };
  const complex rounded(static_cast<Part>(reference.real()), static_cast<Part>(reference.imag()));
  const Part parts[2] = {result.real(), result.imag()};
  const long double exact[2] = {reference.real(), reference.imag()};
  const Part near[2] = {static_cast<Part>(rounded.real()), static_cast<Part>(rounded.imag())};
  for (int i = 0; i < 2; ++i) {
    if (signed_zeros && exact[i] == 0 && parts[i] == 0 && std::signbit(parts[i]) != std::signbit(near[i])) return wrong;
  }
  if (is_special(result) || is_special(rounded)) {
    double error = 0;
    for (int i = 0; i < 2; ++i) {
      if (std::isnan(near[i]) || std::isinf(exact[i])) {
        if (std::isnan(parts[i]) != std::isnan(near[i]) || std::isinf(parts[i]) != std::isinf(near[i])) return wrong;
        if (signed_infinities && std::isinf(near[i]) && parts[i] != near[i]) return wrong;
      } else {
        // A part of 0 beside a special one: its sign has been asked for.
        error = std::max(error, parts[i] == 0 && exact[i] == 0 ? 0 : error_in_ulp(parts[i], mp(exact[i])));
      }
    }
    return error;
  }
  const long double modulus = std::abs(reference);
  int exponent = std::numeric_limits<Part>::min_exponent;
  if (modulus > 0) std::frexp(modulus, &exponent);
  const complex difference = complex(result) - reference;
  return static_cast<double>(std::ldexp(std::abs(difference), -ulp_exponent<Part>(exponent)));
}

template <class T>
std::string text_of(T value) {
  char text[96];
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    std::snprintf(text, sizeof text, "%.*g", std::numeric_limits<T>::max_digits10, static_cast<double>(value));
    return text;
  } else {
    return "(" + text_of(value.real()) + ", " + text_of(value.imag()) + ")";
  }
}

inline std::string text_at(const column& values, std::size_t i) {
  return with_element(values.type(), [&]<class T>(T) { return text_of(values.get<T>(i)); });
}

inline std::string text_of(const expected& value) {
  struct visitor {
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(whole w) const {
      // As the pair that a 128-bit integer is: there is no printing of those.
      return std::to_string(static_cast<long long>(w >> 64)) + " * 2**64 + " +
             std::to_string(static_cast<unsigned long long>(w));
    }
    std::string operator()(const mp& m) const {
      char text[64];
      mpfr_snprintf(text, sizeof text, "%.25Rg", m.get());
      return text;
    }
    std::string operator()(const complex& z) const {
      char text[96];
      std::snprintf(text, sizeof text, "(%.22Lg, %.22Lg)", z.real(), z.imag());
      return text;
    }
  };
  return std::visit(visitor(), value);
}

}  // namespace tandem::testing
