#pragma once

#include <cmath>
#include <complex>
#include <limits>
#include <type_traits>
#include <variant>
#include <vector>

#include "elementwise/column.h"
#include "elementwise/points.h"
#include "elementwise/reference.h"

// What a number of one dtype is in another. The reference goes through long double, which holds every integer, float
// and double exactly.
namespace tandem::testing {

template <class T>
std::vector<T> values_to_convert(random_bits& bits) {
  std::vector<T> values;
  if constexpr (std::is_floating_point_v<T>) {
    // The limits of the integers, what truncates to them, and their neighbours.
    std::vector<double> edges = {0.999, 127.5, 128.5, 129, 255.5, 255.999, 1e10, 1e30};
    for (const int power : {7, 8, 15, 16, 31, 32, 63, 64}) {
      const double edge = std::ldexp(1.0, power);
      edges.insert(edges.end(), {edge, edge - 1, edge + 1, std::nextafter(edge, 0.0), std::nextafter(edge, 1e300)});
      edges.insert(edges.end(), {static_cast<double>(std::nextafter(static_cast<float>(edge), 0.0F)),
                                 static_cast<double>(std::nextafter(static_cast<float>(edge), 1e30F))});
    }
    values = special_reals<T>(edges);
    for (int i = 0; i < 2000; ++i) {
      values.push_back(random_real<T>(bits));
      values.push_back(std::ldexp(random_real<T>(bits), static_cast<int>(bits() % 64)));
    }
  } else if constexpr (std::is_same_v<T, bool>) {
    values = {false, true, true};
  } else if constexpr (std::is_integral_v<T>) {
    values = special_integers<T>({127, 128, 255, 256, 32767, 65536, 16777217, 4294967295.0, 9007199254740993.0});
    for (int i = 0; i < 2000; ++i) values.push_back(random_integer<T>(bits));
  } else {
    using Part = typename T::value_type;
    for (const Part part : values_to_convert<Part>(bits)) {
      values.emplace_back(part, random_real<Part>(bits));
      values.emplace_back(random_real<Part>(bits), part);
      values.emplace_back(0, part);
    }
  }
  return values;
}

// Any element: a whole number, or a real or complex one.
using number = std::variant<whole, complex>;

inline number number_at(const column& values, std::size_t i) {
  return with_element(values.type(), [&]<class T>(T) -> number {
    const T value = values.get<T>(i);
    if constexpr (std::is_integral_v<T>) {
      return static_cast<whole>(value);
    } else if constexpr (std::is_floating_point_v<T>) {
      return complex(value, 0);
    } else {
      return complex(value);
    }
  });
}

// The number reduced modulo 2 to the number of bits, then moved into the range.
template <class To>
To wrapped(whole value) {
  const whole modulus = static_cast<whole>(1) << (8 * sizeof(To));
  whole rest = value % modulus;
  if (rest < 0) rest += modulus;
  if (rest > static_cast<whole>(std::numeric_limits<To>::max())) rest -= modulus;
  return static_cast<To>(rest);
}

template <class To>
To saturated(long double value) {
  using limits = std::numeric_limits<To>;
  if (std::isnan(value)) return 0;
  const long double whole_part = std::trunc(value);
  if (whole_part <= static_cast<long double>(limits::min())) return limits::min();
  if (whole_part >= static_cast<long double>(limits::max())) return limits::max();
  return static_cast<To>(whole_part);
}

template <class To>
To reference_conversion(const number& value) {
  const whole* const integer = std::get_if<whole>(&value);
  const complex z = integer != nullptr ? complex(static_cast<long double>(*integer), 0) : std::get<complex>(value);
  if constexpr (std::is_same_v<To, bool>) {
    return z.real() != 0 || z.imag() != 0;
  } else if constexpr (std::is_integral_v<To>) {
    return integer != nullptr ? wrapped<To>(*integer) : saturated<To>(z.real());
  } else if constexpr (std::is_floating_point_v<To>) {
    return static_cast<To>(z.real());
  } else {
    using Part = typename To::value_type;
    return {static_cast<Part>(z.real()), static_cast<Part>(z.imag())};
  }
}

template <class T>
bool same(T x, T y) {
  if constexpr (std::is_integral_v<T>) {
    return x == y;
  } else if constexpr (std::is_floating_point_v<T>) {
    return (std::isnan(x) && std::isnan(y)) || (x == y && std::signbit(x) == std::signbit(y));
  } else {
    return same(x.real(), y.real()) && same(x.imag(), y.imag());
  }
}

}  // namespace tandem::testing
