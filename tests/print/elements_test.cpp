#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <tandem/errors.h>
#include <tandem/ndarray.h>

#include "made_array.h"

// What holds for every array, whatever its elements are.
namespace {

namespace td = tandem;
using print_test::made;

double read(const char* text, double) { return std::strtod(text, nullptr); }
float read(const char* text, float) { return std::strtof(text, nullptr); }

std::size_t count_digits(const std::string& text) {
  std::string digits;
  for (const char c : text.substr(0, text.find('e'))) {
    if (c >= '0' && c <= '9') digits += c;
  }
  digits.erase(0, digits.find_first_not_of('0'));
  const std::size_t last = digits.find_last_not_of('0');
  return last == std::string::npos ? 0 : last + 1;
}

template <class T>
class Floats : public testing::Test {};
using FloatTypes = testing::Types<float, double>;
TYPED_TEST_SUITE(Floats, FloatTypes);

// The C library's conversions are the reference: the text reads back, and no text with a digit less does.
TYPED_TEST(Floats, AloneHaveTheShortestDigitsThatReadBack) {
  using T = TypeParam;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  std::mt19937_64 random(20);
  int finite = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto bits = static_cast<Bits>(random());
    T value;
    std::memcpy(&value, &bits, sizeof value);
    if (i % 2 == 1)
      value = static_cast<T>(std::ldexp(static_cast<double>(random() % 1000000), static_cast<int>(random() % 60) - 40));
    if (!std::isfinite(value) || value == 0) continue;
    ++finite;
    const std::string text = td::to_string(made<T>({}, {value}));
    ASSERT_EQ(read(text.c_str(), T()), value) << text;
    const std::size_t digits = count_digits(text);
    if (digits < 2) continue;
    char shorter[64];
    std::snprintf(shorter, sizeof shorter, "%.*e", static_cast<int>(digits) - 2, static_cast<double>(value));
    EXPECT_NE(read(shorter, T()), value) << text << " could be " << shorter;
  }
  EXPECT_GT(finite, 15000);
}

TYPED_TEST(Floats, PrecisionIsTheErrorAllowed) {
  using T = TypeParam;
  std::mt19937_64 random(21);
  for (int precision = 0; precision <= 12; ++precision) {
    for (int i = 0; i < 200; ++i) {
      const T value =
          static_cast<T>(static_cast<double>(static_cast<std::int64_t>(random() % 2000001) - 1000000) / 1024.0);
      const std::string text = td::to_string(made<T>({1}, {value}), {.precision = precision, .suppress_small = true});
      char expected[64];
      std::snprintf(expected, sizeof expected, "%#.*f", precision, static_cast<double>(value));
      std::string trimmed = expected;
      trimmed.erase(trimmed.find_last_not_of('0') + 1);
      // Both types hold these values exactly; a float may need fewer digits than its exact value has.
      if (sizeof(T) == 8 || count_digits(trimmed) <= 6) {
        EXPECT_EQ(text, "[" + trimmed + "]");
      }
      EXPECT_NEAR(std::strtod(text.c_str() + 1, nullptr), static_cast<double>(value),
                  0.5 * std::pow(10.0, -precision) + std::abs(static_cast<double>(value)) * 1e-7);
    }
  }
}

// A value that fits every dtype, different at each position.
template <class T>
T value_at(std::int64_t i) {
  if constexpr (std::is_same_v<T, bool>) {
    return i % 3 == 0;
  } else if constexpr (td::is_complex(td::dtype_of<T>)) {
    using Real = typename T::value_type;
    return T(static_cast<Real>(i) / 4, static_cast<Real>(-i) / 8);
  } else if constexpr (td::is_floating(td::dtype_of<T>)) {
    return static_cast<T>(i) / 4;
  } else {
    return static_cast<T>(i);
  }
}

template <class T>
class Strided : public testing::Test {};
using ElementTypes =
    testing::Types<bool, std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t, std::uint16_t,
                   std::uint32_t, std::uint64_t, float, double, std::complex<float>, std::complex<double>>;
TYPED_TEST_SUITE(Strided, ElementTypes);

// Each view is compared with a contiguous array of the elements that its strides and start select.
TYPED_TEST(Strided, ViewsPrintAsTheirElements) {
  using T = TypeParam;
  constexpr std::int64_t size = 120;
  T values[size];
  for (std::int64_t i = 0; i < size; ++i) values[i] = value_at<T>(i);
  struct view {
    td::dims shape;
    td::dims strides;
    std::int64_t start;
  };
  const std::vector<view> views = {
      {{4, 30}, {30, 1}, 0}, {{30, 4}, {1, 30}, 0},       {{5, 7}, {-24, -3}, 119},          {{3, 4}, {0, 2}, 5},
      {{6}, {0}, 17},        {{2, 1, 3}, {60, 7, -1}, 2}, {{2, 3, 4, 5}, {60, 20, 5, 1}, 0}, {{120}, {-1}, 119},
      {{5, 1}, {1, 1}, 100}, {{1, 1, 1}, {9, 9, 9}, 42},  {{2, 2, 2}, {-1, 0, 10}, 50},
  };
  for (const view& one : views) {
    std::vector<std::int64_t> offsets{one.start};
    for (int axis = 0; axis < one.shape.size(); ++axis) {
      std::vector<std::int64_t> longer;
      for (const std::int64_t offset : offsets) {
        for (std::int64_t i = 0; i < one.shape[axis]; ++i) longer.push_back(offset + i * one.strides[axis]);
      }
      offsets = longer;
    }
    const auto copy = std::make_unique<T[]>(offsets.size());
    for (std::size_t i = 0; i < offsets.size(); ++i) copy[i] = values[offsets[i]];
    const td::ndarray strided = td::wrap(values + one.start, one.shape, one.strides);
    const td::ndarray contiguous = td::array<T>(std::span<const T>(copy.get(), offsets.size()), one.shape);
    EXPECT_EQ(td::to_string(strided), td::to_string(contiguous)) << td::to_string(one.shape);
    const td::print_options summarized{.threshold = 1, .edge_items = 1};
    EXPECT_EQ(td::to_string(strided, summarized), td::to_string(contiguous, summarized)) << td::to_string(one.shape);
  }
}

TEST(Lines, AreAsLongAsAllowed) {
  std::mt19937_64 random(22);
  for (const int line_width : {12, 20, 40, 75, 100}) {
    for (int rank = 1; rank <= 4; ++rank) {
      const td::dims shape = rank == 1 ? td::dims{60} : td::dims::filled(rank, rank == 2 ? 20 : 5);
      std::int64_t count = 1;
      for (const std::int64_t extent : shape) count *= extent;
      std::vector<std::int32_t> values(static_cast<std::size_t>(count));
      for (std::int32_t& value : values) value = static_cast<std::int32_t>(random() % 199) - 99;
      std::istringstream lines(td::to_string(td::array<std::int32_t>(values, shape), {.line_width = line_width}));
      std::string line;
      std::size_t longest = 0;
      std::vector<std::int32_t> read;
      while (std::getline(lines, line)) {
        longest = std::max(longest, line.size());
        EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
        for (char& c : line) {
          if (c == '[' || c == ']') c = ' ';
        }
        std::istringstream numbers(line);
        for (std::int32_t value; numbers >> value;) read.push_back(value);
      }
      EXPECT_LE(longest, static_cast<std::size_t>(line_width)) << rank;
      EXPECT_EQ(read, values) << rank;
    }
  }
}

TEST(Printing, BooleanBytesOtherThanOneAreTrue) {
  unsigned char bytes[] = {0, 1, 2, 255};
  const td::ndarray array = td::wrap(reinterpret_cast<bool*>(bytes), {4});
  EXPECT_EQ(td::to_string(array), "[False  True  True  True]");
  EXPECT_EQ(td::to_string(td::wrap(reinterpret_cast<bool*>(bytes + 2), {})), "True");
}

TEST(Printing, StreamsTheText) {
  std::ostringstream out;
  out << made<float>({2, 1}, {0.1F, -2.0F}) << ' ' << made<std::int64_t>({}, {3});
  EXPECT_EQ(out.str(), "[[ 0.1]\n [-2. ]] 3");
}

TEST(Printing, EvaluatesExpressions) {
  const td::ndarray array = made<double>({3}, {1, 2, 3});
  std::ostringstream out;
  out << td::expr(array) << td::to_string(td::expr(array)(td::slice(0, 2)));
  EXPECT_EQ(out.str(), "[1. 2. 3.][1. 2.]");
}

TEST(Printing, LeavesCapturedExpressionsFresh) {
  const td::ndarray array = made<double>({2}, {1, 2});
  const td::expr captured(array);
  EXPECT_EQ(td::to_string(array), "[1. 2.]");
  EXPECT_NO_THROW(td::eval(captured));
}

TEST(Printing, RefusesImpossibleOptions) {
  const td::ndarray array = made<double>({2}, {1, 2});
  EXPECT_THROW(td::to_string(array, {.precision = -1}), td::argument_error);
  EXPECT_THROW(td::to_string(array, {.edge_items = -1}), td::argument_error);
  EXPECT_THROW(td::to_string(made<double>({0}, {}), {.precision = -1}), td::argument_error);
  try {
    td::to_string(array, {.edge_items = -5});
    FAIL();
  } catch (const td::argument_error& error) {
    EXPECT_STREQ(error.what(), "to_string: edge_items is -5, expected 0 or more");
  }
}

TEST(Printing, TakesExtremeOptions) {
  const td::ndarray array = made<double>({2}, {0.1, 2});
  const int largest = std::numeric_limits<int>::max();
  const int smallest = std::numeric_limits<int>::min();
  EXPECT_EQ(td::to_string(array, {.precision = largest, .line_width = largest}), "[0.1 2. ]");
  EXPECT_EQ(td::to_string(array, {.line_width = smallest}), "[0.1\n 2. ]");
  EXPECT_EQ(td::to_string(made<double>({1}, {120}), {.precision = largest}), "[120.]");
  const std::string tiny(323, '0');
  const td::ndarray small = made<double>({2}, {5e-324, 1});
  EXPECT_EQ(td::to_string(small, {.precision = largest, .suppress_small = true}),
            "[0." + tiny + "5\n 1." + std::string(324, ' ') + "]");
}

}  // namespace
