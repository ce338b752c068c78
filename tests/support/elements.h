#pragma once

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <tandem/dims.h>
#include <tandem/dtype.h>
#include <tandem/ndarray.h>

// The elements of an array, read one at a time by its strides, without the library's own walk through memory.
namespace tandem::testing {

// Wider than every dtype, for expectations that cannot wrap.
__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

inline constexpr std::array<dtype, dtype_count> all_dtypes = {
    bool_, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, complex64, complex128};
inline constexpr std::array<dtype, 8> integer_dtypes = {int8, int16, int32, int64, uint8, uint16, uint32, uint64};

/// Calls `use.template operator()<T>()` with the element type of `type`.
template <class Use>
decltype(auto) with_dtype(dtype type, Use&& use) {
  switch (type) {
    case bool_: return use.template operator()<bool>();
    case int8: return use.template operator()<std::int8_t>();
    case int16: return use.template operator()<std::int16_t>();
    case int32: return use.template operator()<std::int32_t>();
    case int64: return use.template operator()<std::int64_t>();
    case uint8: return use.template operator()<std::uint8_t>();
    case uint16: return use.template operator()<std::uint16_t>();
    case uint32: return use.template operator()<std::uint32_t>();
    case uint64: return use.template operator()<std::uint64_t>();
    case float32: return use.template operator()<float>();
    case float64: return use.template operator()<double>();
    case complex64: return use.template operator()<std::complex<float>>();
    case complex128: return use.template operator()<std::complex<double>>();
  }
  std::abort();
}

/// Distances from element 0 of all elements in row-major order, by counting indices up one at a time.
inline std::vector<std::int64_t> distances_of(const dims& shape, const dims& strides) {
  std::vector<std::int64_t> distances;
  for (const std::int64_t extent : shape) {
    if (extent == 0) return distances;
  }
  dims position = dims::filled(shape.size(), 0);
  std::int64_t distance = 0;
  while (true) {
    distances.push_back(distance);
    int axis = shape.size() - 1;
    for (; axis >= 0; --axis) {
      distance += strides[axis];
      if (++position[axis] < shape[axis]) break;
      distance -= strides[axis] * shape[axis];
      position[axis] = 0;
    }
    if (axis < 0) return distances;
  }
}

/// Address of element (0, 0, ...).
inline const std::byte* address_of(const ndarray& array) {
  return with_dtype(array.dtype(),
                    [&]<class T>() { return reinterpret_cast<const std::byte*>(array.data<const T>()); });
}

/// The bytes of the elements in row-major order.
inline std::vector<std::byte> bytes_of(const ndarray& array) {
  const std::int64_t item = item_size(array.dtype());
  const std::byte* const from = address_of(array);
  const std::vector<std::int64_t> distances = distances_of(array.shape(), array.strides());
  std::vector<std::byte> bytes(distances.size() * static_cast<std::size_t>(item));
  std::byte* to = bytes.data();
  for (const std::int64_t distance : distances) {
    std::memcpy(to, from + distance * item, static_cast<std::size_t>(item));
    to += item;
  }
  return bytes;
}

/// The elements in row-major order; `T` must be the element type.
template <element T>
std::vector<T> elements_of(const ndarray& array) {
  const T* const from = array.data<const T>();
  const std::vector<std::int64_t> distances = distances_of(array.shape(), array.strides());
  std::vector<T> values(distances.size());
  for (std::size_t i = 0; i < distances.size(); ++i) values[i] = from[distances[i]];
  return values;
}

namespace detail {
template <class T>
bool same_element(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::memcmp(&a, &b, sizeof(T)) == 0 || (std::isnan(a) && std::isnan(b));
  } else {
    return a == b;
  }
}
template <class T>
bool same_element(std::complex<T> a, std::complex<T> b) {
  return same_element(a.real(), b.real()) && same_element(a.imag(), b.imag());
}
}  // namespace detail

/// Whether dtype, shape and the bits of all elements agree. Not a number equals itself, whatever its sign and payload:
/// which of two operands' payloads survives is the compiler's choice for each loop.
inline ::testing::AssertionResult same(const ndarray& given, const ndarray& expected) {
  if (given.dtype() != expected.dtype() || given.shape() != expected.shape()) {
    return ::testing::AssertionFailure() << name(given.dtype()) << " " << to_string(given.shape()) << ", expected "
                                         << name(expected.dtype()) << " " << to_string(expected.shape());
  }
  return with_dtype(given.dtype(), [&]<class T>() -> ::testing::AssertionResult {
    const std::vector<T> a = elements_of<T>(given);
    const std::vector<T> b = elements_of<T>(expected);
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (detail::same_element<>(static_cast<T>(a[i]), static_cast<T>(b[i]))) continue;
      return ::testing::AssertionFailure()
             << "element " << i << " of " << name(given.dtype()) << " " << to_string(given.shape()) << " is "
             << ::testing::PrintToString(static_cast<T>(a[i])) << ", expected "
             << ::testing::PrintToString(static_cast<T>(b[i]));
    }
    return ::testing::AssertionSuccess();
  });
}

/// A random generator whose seed is fixed and printed with the test's name.
class random_numbers {
 public:
  explicit random_numbers(std::uint64_t seed) : engine_(seed) {
    ::testing::Test::RecordProperty("seed", std::to_string(seed));
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  }

  /// From low to high, both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
  }
  bool chance(int percent) { return between(1, 100) <= percent; }
  std::uint64_t bits() { return engine_(); }
  template <class List>
  const auto& one_of(const List& list) {
    return list[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(std::size(list)) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

/// A number of moderate size: integers use all their bits, floats are k/8 with |k| <= 800, so that sums stay exact.
template <element T>
T random_element(random_numbers& random) {
  if constexpr (std::is_same_v<T, bool>) {
    return random.chance(50);
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(random.bits());
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(random.between(-800, 800)) / T(8);
  } else {
    using Part = typename T::value_type;
    return {random_element<Part>(random), random_element<Part>(random)};
  }
}

inline std::int64_t count_of(const dims& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

/// A new row-major array of random elements.
inline ndarray random_array(dtype type, const dims& shape, random_numbers& random) {
  return with_dtype(type, [&]<class T>() {
    const std::int64_t count = count_of(shape);
    const auto values = std::make_unique<T[]>(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) values[static_cast<std::size_t>(i)] = random_element<T>(random);
    return array(std::span<const T>(values.get(), static_cast<std::size_t>(count)), shape);
  });
}

/// 0, 1, 2, ... of dtype int64 in the given shape: each element is its own position.
inline ndarray positions(const dims& shape) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(count_of(shape)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i);
  return array(std::span<const std::int64_t>(values), shape);
}

/// Runs `work`, expects an exception of just this type, and returns its text.
template <class Exception, class Work>
std::string text_of(Work&& work) {
  try {
    work();
  } catch (const Exception& error) {
    EXPECT_EQ(typeid(error), typeid(Exception)) << error.what();
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another exception: " << error.what();
    return {};
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

/// Whether all parts occur in the text.
inline ::testing::AssertionResult mentions(const std::string& text, std::initializer_list<const char*> parts) {
  for (const char* part : parts) {
    if (text.find(part) == std::string::npos)
      return ::testing::AssertionFailure() << "'" << text << "' lacks '" << part << "'";
  }
  return ::testing::AssertionSuccess();
}

}  // namespace tandem::testing
