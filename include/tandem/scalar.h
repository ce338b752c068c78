#pragma once

#include <complex>
#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>

#include <tandem/dtype.h>
#include <tandem/export.h>

namespace tandem {

/// One number as written in a program: a boolean, an integer, a real or a complex number.
///
/// A scalar has a kind but no size: beside an array it takes the array's dtype when the array's kind is at least its
/// own ("weak" promotion), so `a * 2.0` stays float32 for a float32 `a`. The value never influences the dtype; an
/// integer that does not fit the array's dtype is a `dtype_error`.
class TANDEM_API scalar {
 public:
  scalar(bool value) noexcept : value_(value) {}
  template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool> && element<T>)
  scalar(T value) noexcept {
    if constexpr (std::is_signed_v<T>) {
      value_ = static_cast<std::int64_t>(value);
    } else {
      value_ = static_cast<std::uint64_t>(value);
    }
  }
  scalar(float value) noexcept : value_(static_cast<double>(value)) {}
  scalar(double value) noexcept : value_(value) {}
  scalar(std::complex<float> value) noexcept : value_(std::complex<double>(value)) {}
  scalar(std::complex<double> value) noexcept : value_(value) {}

  /// The dtype the scalar has on its own: bool, int64 (uint64 for an integer above the largest int64), float64 or
  /// complex128.
  dtype default_dtype() const noexcept;

  /// The dtype of the scalar beside an array of dtype `beside`.
  dtype dtype_beside(dtype beside) const noexcept;

  /// Whether `type` can hold it: an integer must be in range, a real number needs a floating dtype, a complex number a
  /// complex one. A boolean fits everywhere.
  bool fits(dtype type) const noexcept;

  /// The value as `T`. Throws: `dtype_error` if `T` cannot hold it (see `fits`).
  template <element T>
  T as() const {
    check_fits(dtype_of<T>);
    return std::visit(
        [](auto value) -> T {
          using V = decltype(value);
          if constexpr (std::is_same_v<V, std::complex<double>>) {
            if constexpr (dtype_of<T> == dtype::complex64 || dtype_of<T> == dtype::complex128) {
              return T(static_cast<typename T::value_type>(value.real()),
                       static_cast<typename T::value_type>(value.imag()));
            } else {
              return T();
            }
          } else if constexpr (dtype_of<T> == dtype::complex64 || dtype_of<T> == dtype::complex128) {
            return T(static_cast<typename T::value_type>(value));
          } else {
            return static_cast<T>(value);
          }
        },
        value_);
  }

  const std::variant<bool, std::int64_t, std::uint64_t, double, std::complex<double>>& value() const noexcept {
    return value_;
  }

 private:
  void check_fits(dtype type) const;

  std::variant<bool, std::int64_t, std::uint64_t, double, std::complex<double>> value_;
};

/// As Python prints it: "True", "3", "2.5", "(1+2j)".
TANDEM_API std::string to_string(const scalar& value);

}  // namespace tandem
