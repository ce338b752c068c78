#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// Which dtype holds the values of two others, against a table written by hand from the array API standard 2024.12, with
// NumPy's answers (np.result_type) where the standard leaves a pair open.
namespace tandem::testing {
namespace {

// One row for each dtype in the order of the enumerators; one column for each likewise.
constexpr std::array<const char*, dtype_count> promotion_table = {
    "b1 i1 i2 i4 i8 u1 u2 u4 u8 f4 f8 c4 c8",  // bool
    "i1 i1 i2 i4 i8 i2 i4 i8 f8 f4 f8 c4 c8",  // int8
    "i2 i2 i2 i4 i8 i2 i4 i8 f8 f4 f8 c4 c8",  // int16
    "i4 i4 i4 i4 i8 i4 i4 i8 f8 f8 f8 c8 c8",  // int32
    "i8 i8 i8 i8 i8 i8 i8 i8 f8 f8 f8 c8 c8",  // int64
    "u1 i2 i2 i4 i8 u1 u2 u4 u8 f4 f8 c4 c8",  // uint8
    "u2 i4 i4 i4 i8 u2 u2 u4 u8 f4 f8 c4 c8",  // uint16
    "u4 i8 i8 i8 i8 u4 u4 u4 u8 f8 f8 c8 c8",  // uint32
    "u8 f8 f8 f8 f8 u8 u8 u8 u8 f8 f8 c8 c8",  // uint64
    "f4 f4 f4 f8 f8 f4 f4 f8 f8 f4 f8 c4 c8",  // float32
    "f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 c8 c8",  // float64
    "c4 c4 c4 c8 c8 c4 c4 c8 c8 c4 c8 c4 c8",  // complex64 (two parts of 4 bytes)
    "c8 c8 c8 c8 c8 c8 c8 c8 c8 c8 c8 c8 c8",  // complex128
};

dtype expected_dtype(dtype left, dtype right) {
  const std::array<std::string, dtype_count> codes = {"b1", "i1", "i2", "i4", "i8", "u1", "u2",
                                                      "u4", "u8", "f4", "f8", "c4", "c8"};
  std::istringstream row(promotion_table[static_cast<std::size_t>(left)]);
  std::string code;
  for (int column = 0; column <= static_cast<int>(right); ++column) row >> code;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] == code) return static_cast<dtype>(i);
  }
  ADD_FAILURE() << "no code " << code;
  return bool_;
}

TEST(Promotion, AgreesWithTheTableForEveryPair) {
  for (const dtype left : all_dtypes) {
    for (const dtype right : all_dtypes) {
      EXPECT_EQ(result_type(left, right), expected_dtype(left, right)) << name(left) << " " << name(right);
    }
  }
}

TEST(Promotion, OfArraysInAnOperationAgreesWithTheTable) {
  for (const dtype left : all_dtypes) {
    for (const dtype right : all_dtypes) {
      const expr both = ones({2}, left) * ones({2}, right);
      EXPECT_EQ(both.dtype(), expected_dtype(left, right)) << name(left) << " " << name(right);
      EXPECT_EQ(eval(both).dtype(), expected_dtype(left, right)) << name(left) << " " << name(right);
    }
  }
}

TEST(Promotion, OfManyIsTheSameInAnyOrder) {
  const std::vector<dtype> mixed = {int8, uint8, int32, float32};
  EXPECT_EQ(result_type(mixed), float64);
  const std::vector<dtype> order = {int8, float32, int32};
  EXPECT_EQ(result_type(order), float64);
  // np.result_type; pairwise from the left, int16 with uint16 would be int32, which float32 does not hold.
  std::vector<dtype> small = {int16, uint16, float32};
  std::ranges::sort(small);
  do {
    EXPECT_EQ(result_type(small), float32);
  } while (std::ranges::next_permutation(small).found);
  const std::vector<dtype> complex = {int8, uint8, complex64};
  EXPECT_EQ(result_type(complex), complex64);
  const std::vector<dtype> wide = {float32, uint16, int32, complex64};
  EXPECT_EQ(result_type(wide), complex128);
  const std::vector<dtype> one = {uint16};
  EXPECT_EQ(result_type(one), uint16);
  EXPECT_TRUE(mentions(text_of<argument_error>([] { result_type(std::vector<dtype>()); }), {"result_type"}));
}

TEST(Promotion, OfWeakNumbersKeepsTheArrayUnlessTheKindIsHigher) {
  const std::vector<dtype> weak_types = {bool_, int64, uint64, float64, complex128};
  for (const dtype strong : all_dtypes) {
    for (const dtype weak : weak_types) {
      const auto rank = [](dtype type) {
        return is_boolean(type) ? 0 : is_integer(type) ? 1 : is_real_floating(type) ? 2 : 3;
      };
      dtype expected = strong;
      if (rank(weak) > rank(strong)) expected = weak;
      if (is_complex(weak) && strong == float32) expected = complex64;
      EXPECT_EQ(weak_result_type(weak, strong), expected) << name(weak) << " beside " << name(strong);
    }
  }
}

TEST(Promotion, OfLiteralsBesideArrays) {
  for (const dtype type : all_dtypes) {
    const ndarray x = ones({3}, type);
    const auto rank = [](dtype of) { return is_boolean(of) ? 0 : is_integer(of) ? 1 : is_real_floating(of) ? 2 : 3; };
    EXPECT_EQ((x * true).dtype(), type);
    EXPECT_EQ((x * 1).dtype(), rank(type) < 1 ? int64 : type);
    EXPECT_EQ((x * 1.5F).dtype(), rank(type) < 2 ? float64 : type);
    EXPECT_EQ((1.5 * expr(x)).dtype(), rank(type) < 2 ? float64 : type);
    EXPECT_EQ((x * std::complex<double>(0, 1)).dtype(), type == float32  ? complex64
                                                        : rank(type) < 3 ? complex128
                                                                         : type);
  }
}

TEST(Promotion, OfWorkOnNumbersAloneStaysWeak) {
  const expr number = (expr(2) + 3) * 0.5;
  EXPECT_TRUE(number.is_weak());
  EXPECT_EQ(number.dtype(), float64);
  EXPECT_EQ((ones({2}, float32) + number).dtype(), float32);
  EXPECT_EQ(elements_of<float>(ones({2}, float32) + number), (std::vector<float>{3.5F, 3.5F}));
  EXPECT_EQ((ones({2}, int8) + number).dtype(), float64);
  EXPECT_EQ((ones({2}, int8) + (expr(2) + 3)).dtype(), int8);
  EXPECT_FALSE((ones({2}) + number).is_weak());
  EXPECT_FALSE(expr(ones({}, float64)).is_weak()) << "a 0-d array is an array";
  EXPECT_EQ((ones({}, float64) + ones({2}, float32)).dtype(), float64);
}

TEST(Promotion, NeverLooksAtTheValue) {
  const ndarray bytes = ones({2}, int8);
  EXPECT_EQ((bytes + 127).dtype(), int8);
  EXPECT_EQ((bytes + -128).dtype(), int8);
  EXPECT_EQ((ones({2}, float32) * 1e300).dtype(), float32);
  // What does not fit is an error where the expression is built, not another dtype.
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { static_cast<void>(bytes + 128); }), {"add", "128", "int8"}));
  EXPECT_TRUE(
      mentions(text_of<dtype_error>([&] { static_cast<void>(ones({2}, uint8) - (-1)); }), {"subtract", "-1", "uint8"}));
  EXPECT_TRUE(
      mentions(text_of<dtype_error>([&] { static_cast<void>(ones({2}, uint64) * -5); }), {"multiply", "-5", "uint64"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { static_cast<void>(ones({2}, int64) + UINT64_MAX); }),
                       {"add", "18446744073709551615", "int64"}));
  EXPECT_EQ((ones({2}, uint64) + UINT64_MAX).dtype(), uint64);
}

TEST(Dtypes, HaveNamesSizesAndKinds) {
  const std::array<const char*, dtype_count> names = {"bool",    "int8",      "int16",     "int32",  "int64",
                                                      "uint8",   "uint16",    "uint32",    "uint64", "float32",
                                                      "float64", "complex64", "complex128"};
  for (const dtype type : all_dtypes) {
    const auto i = static_cast<std::size_t>(type);
    EXPECT_EQ(name(type), names[i]);
    EXPECT_EQ(parse_dtype(names[i]), type);
    with_dtype(type, [&]<class T>() {
      EXPECT_EQ(item_size(type), static_cast<std::int64_t>(sizeof(T)));
      EXPECT_EQ(dtype_of<T>, type);
      EXPECT_EQ(dtype_of<const T>, type);
    });
    EXPECT_EQ(is_boolean(type) + is_integer(type) + is_real_floating(type) + is_complex(type), 1) << name(type);
    EXPECT_EQ(is_floating(type), is_real_floating(type) || is_complex(type));
  }
  EXPECT_EQ(real_part(complex64), float32);
  EXPECT_EQ(real_part(complex128), float64);
  EXPECT_EQ(real_part(int8), int8);
  EXPECT_EQ(dtype_of<long>, int64);
  EXPECT_EQ(dtype_of<long long>, int64);
  EXPECT_EQ(dtype_of<unsigned long long>, uint64);
  EXPECT_FALSE(element<char32_t>);
  EXPECT_FALSE(element<long double>);
  EXPECT_FALSE(element<int128>);
  for (const char* wrong : {"", "float", "Float32", "float16", "int", "bool_", " int8"}) {
    EXPECT_TRUE(mentions(text_of<dtype_error>([&] { parse_dtype(wrong); }), {wrong, "complex128"})) << wrong;
  }
}

TEST(Dtypes, OfTheSameKindMayBeCastInPlace) {
  EXPECT_TRUE(can_cast_same_kind(int64, int8));
  EXPECT_TRUE(can_cast_same_kind(uint8, int8));
  EXPECT_TRUE(can_cast_same_kind(int64, float32));
  EXPECT_TRUE(can_cast_same_kind(complex128, complex64));
  EXPECT_TRUE(can_cast_same_kind(bool_, uint8));
  EXPECT_FALSE(can_cast_same_kind(int8, uint64));
  EXPECT_FALSE(can_cast_same_kind(float32, int64));
  EXPECT_FALSE(can_cast_same_kind(complex64, float64));
  EXPECT_FALSE(can_cast_same_kind(uint8, bool_));
}

TEST(Scalars, HaveADefaultDtypeAndARange) {
  EXPECT_EQ(scalar(true).default_dtype(), bool_);
  EXPECT_EQ(scalar(3).default_dtype(), int64);
  EXPECT_EQ(scalar(std::uint8_t{3}).default_dtype(), int64);
  EXPECT_EQ(scalar(static_cast<std::uint64_t>(INT64_MAX)).default_dtype(), int64);
  EXPECT_EQ(scalar(static_cast<std::uint64_t>(INT64_MAX) + 1).default_dtype(), uint64);
  EXPECT_EQ(scalar(1.0F).default_dtype(), float64);
  EXPECT_EQ(scalar(std::complex<float>(1, 2)).default_dtype(), complex128);
  for (const dtype type : integer_dtypes) {
    with_dtype(type, [&]<class T>() {
      if constexpr (std::is_integral_v<T>) {
        EXPECT_TRUE(scalar(std::numeric_limits<T>::max()).fits(type)) << name(type);
        EXPECT_TRUE(scalar(std::numeric_limits<T>::min()).fits(type)) << name(type);
        EXPECT_EQ(scalar(std::numeric_limits<T>::max()).as<T>(), std::numeric_limits<T>::max());
        if constexpr (sizeof(T) < sizeof(std::int64_t)) {
          EXPECT_FALSE(scalar(static_cast<std::int64_t>(std::numeric_limits<T>::max()) + 1).fits(type)) << name(type);
          EXPECT_FALSE(scalar(static_cast<std::int64_t>(std::numeric_limits<T>::min()) - 1).fits(type)) << name(type);
        }
        EXPECT_FALSE(scalar(1.0).fits(type)) << "a real number has no place among integers, whatever its value";
        EXPECT_TRUE(scalar(true).fits(type));
      }
    });
  }
  EXPECT_FALSE(scalar(-1).fits(uint64));
  EXPECT_FALSE(scalar(UINT64_MAX).fits(int64));
  EXPECT_FALSE(scalar(1).fits(bool_));
  EXPECT_TRUE(scalar(1).fits(float32));
  EXPECT_FALSE(scalar(std::complex<double>(1, 0)).fits(float64));
  EXPECT_TRUE(scalar(1.5).fits(complex64));
  EXPECT_EQ(scalar(2).as<std::complex<float>>(), std::complex<float>(2, 0));
  EXPECT_EQ(scalar(true).as<double>(), 1.0);
  EXPECT_TRUE(mentions(text_of<dtype_error>([] { scalar(300).as<std::uint8_t>(); }), {"300", "uint8"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([] { scalar(0.5).as<int>(); }), {"0.5", "int32"}));
  EXPECT_TRUE(
      mentions(text_of<dtype_error>([] { scalar(std::complex<double>(1, 2)).as<double>(); }), {"(1+2j)", "float64"}));
}

}  // namespace
}  // namespace tandem::testing
