#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include <tandem/dims.h>
#include <tandem/dtype.h>
#include <tandem/ndarray.h>

#include "support/elements.h"

namespace tandem {

// How GoogleTest shows them; it looks beside the types.
inline void PrintTo(const dims& values, std::ostream* out) { *out << to_string(values); }
inline void PrintTo(dtype type, std::ostream* out) { *out << name(type); }

}  // namespace tandem

// Arrays as references compute them: row-major lists of numbers in which every element of every dtype is exact.
namespace tandem::testing {

// An extended double has 64 digits: it holds each int64 and each uint64.
static_assert(std::numeric_limits<long double>::digits >= 64);
using real_number = long double;
using exact = std::complex<real_number>;
__extension__ typedef __int128 whole;
__extension__ typedef unsigned __int128 unsigned_whole;

struct exact_array {
  dtype type;
  dims shape;
  std::vector<exact> at;
};

inline std::size_t size_of(const dims& shape) { return static_cast<std::size_t>(count_of(shape)); }

template <element T>
exact exact_of(T value) {
  if constexpr (std::is_arithmetic_v<T>) {
    return {static_cast<real_number>(value), 0};
  } else {
    return {static_cast<real_number>(value.real()), static_cast<real_number>(value.imag())};
  }
}

inline dims row_major_strides(const dims& shape) {
  dims strides = dims::filled(shape.size(), 1);
  for (int i = shape.size() - 1; i > 0; --i) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

inline whole whole_of(exact value) { return static_cast<whole>(value.real()); }

/// What is left of an integer in a dtype whose arithmetic wraps; for booleans whether it is other than 0.
inline exact wrapped(whole value, dtype type) {
  if (type == dtype::bool_) return {value != 0 ? 1.0L : 0.0L, 0};
  const int bits = static_cast<int>(8 * item_size(type));
  const whole modulus = static_cast<whole>(1) << bits;
  whole rest = value % modulus;
  if (rest < 0) rest += modulus;
  if (kind_of(type) == dtype_kind::signed_integer && rest >= modulus / 2) rest -= modulus;
  return {static_cast<real_number>(rest), 0};
}

/// The plain formula: operator* would recover infinities.
inline exact times(exact x, exact y) {
  return {x.real() * y.real() - x.imag() * y.imag(), x.real() * y.imag() + x.imag() * y.real()};
}

inline exact plus(exact x, exact y) { return {x.real() + y.real(), x.imag() + y.imag()}; }

/// A bound of the modulus that needs no root.
inline real_number size_bound(exact x) { return std::fabs(x.real()) + std::fabs(x.imag()); }

/// The relative error of one rounded operation.
inline real_number unit_roundoff(dtype type) {
  return real_part(type) == dtype::float32 ? std::ldexp(1.0L, -24) : std::ldexp(1.0L, -53);
}

inline bool is_finite(exact x) { return std::isfinite(x.real()) && std::isfinite(x.imag()); }

/// The elements of an array, found by its strides.
exact_array read(const ndarray& array);

std::string number_text(exact value);

/// Whether dtype and shape agree and each element is within its bound; infinities and nan must be where they are
/// wanted.
::testing::AssertionResult within(const ndarray& given, const exact_array& wanted,
                                  const std::vector<real_number>& bounds);

/// Whether dtype, shape and all elements agree, also the signs of zeros.
::testing::AssertionResult equals(const ndarray& given, const exact_array& wanted);

}  // namespace tandem::testing
