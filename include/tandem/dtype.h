#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include <tandem/export.h>

namespace tandem {

/// The element types of arrays. `bool_` is one byte holding 0 or 1; complex types are pairs (real, imaginary).
enum class dtype : std::uint8_t {
  bool_,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float32,
  float64,
  complex64,
  complex128,
};

using enum dtype;

inline constexpr int dtype_count = 13;

/// The kinds of dtypes, from the lowest to the highest in promotion.
enum class dtype_kind : std::uint8_t { boolean, signed_integer, unsigned_integer, real_floating, complex_floating };

/// Kind of a dtype.
constexpr dtype_kind kind_of(dtype type) noexcept {
  if (type == dtype::bool_) return dtype_kind::boolean;
  if (type <= dtype::int64) return dtype_kind::signed_integer;
  if (type <= dtype::uint64) return dtype_kind::unsigned_integer;
  if (type <= dtype::float64) return dtype_kind::real_floating;
  return dtype_kind::complex_floating;
}

constexpr bool is_boolean(dtype type) noexcept { return type == dtype::bool_; }
constexpr bool is_integer(dtype type) noexcept { return type >= dtype::int8 && type <= dtype::uint64; }
constexpr bool is_real_floating(dtype type) noexcept { return kind_of(type) == dtype_kind::real_floating; }
constexpr bool is_complex(dtype type) noexcept { return kind_of(type) == dtype_kind::complex_floating; }
constexpr bool is_floating(dtype type) noexcept { return type >= dtype::float32; }

/// Size of one element in bytes.
constexpr std::int64_t item_size(dtype type) noexcept {
  constexpr std::int8_t sizes[dtype_count] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 8, 16};
  return sizes[static_cast<int>(type)];
}

/// Name of a dtype as the array API standard spells it: "bool", "int8", ..., "complex128".
TANDEM_API std::string_view name(dtype type) noexcept;

/// The dtype of that name. Throws: `dtype_error` if there is none.
TANDEM_API dtype parse_dtype(std::string_view name);

/// The dtype of the real and imaginary parts of a complex dtype; any other dtype itself.
constexpr dtype real_part(dtype type) noexcept {
  if (type == dtype::complex64) return dtype::float32;
  if (type == dtype::complex128) return dtype::float64;
  return type;
}

/// The dtype that holds the values of both: the promotion table of the Python array API standard 2024.12. Where the
/// standard leaves a pair open (integers with floats), NumPy's table: 8- and 16-bit integers fit float32, wider ones
/// need float64; uint64 with a signed integer gives float64. Booleans promote to anything.
TANDEM_API dtype result_type(dtype left, dtype right) noexcept;

/// The dtype that holds the values of all, whatever their order: float32 for int16, uint16 and float32. Throws:
/// `argument_error` if `types` is empty.
TANDEM_API dtype result_type(std::span<const dtype> types);

/// The dtype of a number without a size, whose own dtype would be `weak`, beside an array of dtype `strong`: `strong`
/// unless the number's kind is higher, then the default dtype of that kind (complex64 beside float32). The rule for
/// Python scalars in the standard, with NumPy's answer for a float beside integers (float64).
TANDEM_API dtype weak_result_type(dtype weak, dtype strong) noexcept;

/// Whether a conversion is of the same kind or to a higher one (bool < integer < float < complex), so that an in-place
/// operation may apply it: int64 to int8 and to float32 yes, float32 to int64 and complex to real no.
constexpr bool can_cast_same_kind(dtype from, dtype to) noexcept {
  const auto rank = [](dtype type) {
    const dtype_kind kind = kind_of(type);
    if (kind == dtype_kind::boolean) return 0;
    if (kind == dtype_kind::unsigned_integer) return 1;
    if (kind == dtype_kind::signed_integer) return 2;
    return kind == dtype_kind::real_floating ? 3 : 4;
  };
  return rank(from) <= rank(to);
}

namespace detail {

template <class T>
struct dtype_of_type {
  static constexpr bool known = false;
};

template <dtype Type>
struct known_dtype {
  static constexpr bool known = true;
  static constexpr dtype value = Type;
};

// Integers by size and sign, so that `long` and `long long` both work wherever std::int64_t is only one of them.
template <class T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, wchar_t> &&
           !std::is_same_v<T, char8_t> && !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t> &&
           sizeof(T) <= 8)
struct dtype_of_type<T> : known_dtype<(sizeof(T) == 1   ? (std::is_signed_v<T> ? dtype::int8 : dtype::uint8)
                                       : sizeof(T) == 2 ? (std::is_signed_v<T> ? dtype::int16 : dtype::uint16)
                                       : sizeof(T) == 4 ? (std::is_signed_v<T> ? dtype::int32 : dtype::uint32)
                                                        : (std::is_signed_v<T> ? dtype::int64 : dtype::uint64))> {};
template <>
struct dtype_of_type<bool> : known_dtype<dtype::bool_> {};
template <>
struct dtype_of_type<float> : known_dtype<dtype::float32> {};
template <>
struct dtype_of_type<double> : known_dtype<dtype::float64> {};
template <>
struct dtype_of_type<std::complex<float>> : known_dtype<dtype::complex64> {};
template <>
struct dtype_of_type<std::complex<double>> : known_dtype<dtype::complex128> {};

}  // namespace detail

/// A C++ type that is the element type of some dtype.
template <class T>
concept element = detail::dtype_of_type<std::remove_cv_t<T>>::known;

/// The dtype whose elements are `T`.
template <element T>
inline constexpr dtype dtype_of = detail::dtype_of_type<std::remove_cv_t<T>>::value;

}  // namespace tandem
