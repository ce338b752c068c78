#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/errors.h>

#include "support/exact_array.h"

// arange and linspace.
namespace tandem::testing {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr double infinity = std::numeric_limits<double>::infinity();

exact_array whole_range(std::int64_t start, std::int64_t stop, std::int64_t step, dtype type) {
  exact_array wanted{type, {0}, {}};
  for (whole value = start; step > 0 ? value < stop : value > stop; value += step) {
    wanted.at.push_back(is_floating(type) ? exact(static_cast<real_number>(value)) : wrapped(value, type));
    ++wanted.shape[0];
  }
  return wanted;
}

TEST(Arange, OfIntegers) {
  random_numbers random(301);
  for (int round = 0; round < 300; ++round) {
    const std::int64_t start = random.between(-40, 40);
    const std::int64_t stop = random.between(-40, 40);
    std::int64_t step = random.between(-7, 6);
    if (step >= 0) ++step;
    ASSERT_TRUE(equals(arange(start, stop, step), whole_range(start, stop, step, int64)))
        << start << " " << stop << " " << step;
  }
  EXPECT_TRUE(equals(arange(5), whole_range(0, 5, 1, int64)));
  EXPECT_TRUE(equals(arange(0), {int64, {0}, {}}));
  EXPECT_TRUE(equals(arange(-3), {int64, {0}, {}}));
  EXPECT_TRUE(equals(arange(2, 6), whole_range(2, 6, 1, int64)));
  EXPECT_TRUE(equals(arange(100000, 0, -1), whole_range(100000, 0, -1, int64)));
}

TEST(Arange, AtTheLimitsOfIntegers) {
  struct range {
    std::int64_t start, stop, step;
  };
  for (const auto& [start, stop, step] : {range{most - 3, most, 1},
                                          {most - 3, most, 2},
                                          {most - 4, most, most},
                                          {least, least + 3, 1},
                                          {least, most, most},
                                          {least, most, most - 1},
                                          {most, least, least},
                                          {most, least, least + 1},
                                          {most, least, -(most / 2)},
                                          {least, most, std::int64_t{1} << 61},
                                          {most, most - 2, -1},
                                          {least, 0, most},
                                          {0, least, least},
                                          {most, least, 1},
                                          {least, most, -1},
                                          {least, least, 1}}) {
    EXPECT_TRUE(equals(arange(start, stop, step), whole_range(start, stop, step, int64)))
        << start << " " << stop << " " << step;
  }
}

TEST(Arange, IntoEveryDtype) {
  for (const dtype type : all_dtypes) {
    if (type == bool_) continue;
    EXPECT_TRUE(equals(arange(3, 60, 7, type), whole_range(3, 60, 7, type))) << name(type);
    EXPECT_TRUE(equals(arange(0, type), {type, {0}, {}})) << name(type);
  }
  EXPECT_TRUE(equals(arange(3, bool_), {bool_, {3}, {0, 1, 1}}));
  EXPECT_TRUE(equals(arange(126, 131, 1, int8), {int8, {5}, {126, 127, -128, -127, -126}}));
  EXPECT_TRUE(equals(arange(-2, 1, 1, uint16), {uint16, {3}, {65534, 65535, 0}}));
  EXPECT_TRUE(equals(arange(0.5, 3.0, 1, int32), {int32, {3}, {0, 1, 2}}));
  EXPECT_TRUE(equals(arange(-1.5, 1.5, 1.0, uint8), {uint8, {3}, {0, 0, 0}}));
}

TEST(Arange, OfFloats) {
  struct range {
    double start, stop, step;
    std::int64_t count;
  };
  for (const auto& [start, stop, step, count] : {range{0, 1, 0.1, 10},
                                                 {0, 1, 0.3, 4},
                                                 {1, 0, -0.25, 4},
                                                 {0.5, 5.5, 1, 5},
                                                 {1, 1, 0.5, 0},
                                                 {1, 0, 0.5, 0},
                                                 {0, 1, -1, 0},
                                                 {0, 0.5, 1, 1},
                                                 {1e300, 2e300, 3e299, 4},
                                                 {-1e-310, 1e-310, 1e-310, 2},
                                                 {0, 1, 1e300, 1},
                                                 {0, 1e-300, 1e300, 1},
                                                 {3, 5, infinity, 1},
                                                 {3, 5, -infinity, 0},
                                                 {5, 3, -infinity, 1},
                                                 {-7.25, 100000, 1.5, 66672}}) {
    const ndarray x = arange(start, stop, step);
    ASSERT_EQ(x.dtype(), float64);
    ASSERT_EQ(x.shape(), dims{count}) << start << " " << stop << " " << step;
    const std::vector<double> given = x.to_vector<double>();
    for (std::size_t i = 0; i < given.size(); ++i) {
      const real_number offset = i == 0 ? 0 : static_cast<real_number>(i) * step;
      const real_number bound =
          2 * unit_roundoff(float64) * (std::fabs(static_cast<real_number>(start)) + std::fabs(offset)) + 1e-323L;
      ASSERT_LE(std::fabs(static_cast<real_number>(given[i]) - (start + offset)), bound)
          << start << " + " << i << " * " << step;
    }
  }
  EXPECT_TRUE(equals(arange(2.5), {float64, {3}, {0, 1, 2}}));
  EXPECT_TRUE(equals(arange(0, 2, 0.5, float32), {float32, {4}, {0, 0.5L, 1, 1.5L}}));
  EXPECT_TRUE(equals(arange(0.0, 3, 1, complex64), {complex64, {3}, {0, 1, 2}}));
}

TEST(Arange, RefusesWhatHasNoNumberOfElements) {
  EXPECT_TRUE(mentions(text_of<argument_error>([] { arange(0, 5, 0); }), {"arange", "step", "0"}));
  EXPECT_TRUE(mentions(text_of<argument_error>([] { arange(0, 5.0, 0.0); }), {"arange", "0.0"}));
  EXPECT_THROW(arange(0.0, 0.0, 0.0), argument_error);
  EXPECT_THROW(arange(0, 5, std::nan("")), argument_error);
  EXPECT_THROW(arange(std::nan("")), argument_error);
  EXPECT_TRUE(mentions(text_of<argument_error>([] { arange(0, infinity); }), {"arange", "inf"}));
  EXPECT_THROW(arange(-infinity, 0), argument_error);
  EXPECT_THROW(arange(infinity, infinity), argument_error);
  EXPECT_THROW(arange(infinity, 0), argument_error);
  EXPECT_THROW(arange(0, infinity, infinity), argument_error);
  // Not infinite, but too far apart for their distance to be a float64.
  EXPECT_THROW(arange(-1e308, 1e308, 1e308), argument_error);
  EXPECT_TRUE(mentions(text_of<dtype_error>([] { arange(std::complex<double>(1, 2)); }), {"arange", "real", "(1+2j)"}));
  EXPECT_THROW(arange(0, 3, std::complex<double>(1, 0)), dtype_error);
}

TEST(Arange, RefusesTooManyElements) {
  EXPECT_TRUE(mentions(text_of<shape_error>([] { arange(least, most); }), {"arange", "2^63"}));
  EXPECT_THROW(arange(most, least, -1), shape_error);
  EXPECT_THROW(arange(least, most, 1, bool_), shape_error);
  // Few enough to count, too many for 64 bits of bytes.
  EXPECT_TRUE(mentions(text_of<shape_error>([] { arange(most); }), {"arange", "bytes"}));
  EXPECT_THROW(arange(0, 1e300), shape_error);
  EXPECT_THROW(arange(0, 0x1p63), shape_error);
  EXPECT_THROW(arange(std::int64_t{1} << 50), out_of_memory);
  // As an integer it does not fit, and it is not made a float in silence.
  EXPECT_THROW(arange(std::numeric_limits<std::uint64_t>::max()), dtype_error);
}

// Elements of linspace in higher precision, and what of them a double can be off.
void check_spaced(const ndarray& x, exact start, exact stop, std::int64_t count, bool endpoint) {
  const real_number bound = 4 * unit_roundoff(x.dtype()) * (size_bound(start) + size_bound(stop));
  exact_array wanted{x.dtype(), {count}, {}};
  const auto intervals = static_cast<real_number>(endpoint ? count - 1 : count);
  for (std::int64_t i = 0; i < count; ++i) {
    const real_number part = count == 1 ? 0 : static_cast<real_number>(i) / intervals;
    wanted.at.push_back(start + (stop - start) * part);
  }
  EXPECT_TRUE(within(x, wanted, std::vector<real_number>(wanted.at.size(), bound)))
      << number_text(start) << " to " << number_text(stop) << ", " << count << (endpoint ? "" : " without the last");
  if (count == 0) return;
  const exact_array given = read(x);
  EXPECT_EQ(given.at.front(), start);
  if (endpoint && count > 1) {
    EXPECT_EQ(given.at.back(), stop);
  }
}

TEST(Linspace, IsEvenAndEndsExactly) {
  random_numbers random(302);
  for (const std::int64_t count : {0, 1, 2, 3, 4, 7, 50, 1000, 70000}) {
    for (int round = 0; round < 12; ++round) {
      const double start = static_cast<double>(random.between(-1000000, 1000000)) / 3;
      const double stop = round == 0 ? start : static_cast<double>(random.between(-1000000, 1000000)) / 7;
      for (const bool endpoint : {true, false})
        check_spaced(linspace(start, stop, count, std::nullopt, endpoint), start, stop, count, endpoint);
    }
  }
  check_spaced(linspace(0, 0.1 * 3, 8), 0, static_cast<real_number>(0.1 * 3), 8, true);
  check_spaced(linspace(1, 0, 11), 1, 0, 11, true);
  EXPECT_EQ(linspace(0, 1, 5).dtype(), float64);
  EXPECT_EQ(linspace(true, 3, 5).dtype(), float64);
}

TEST(Linspace, OfBoundsWhoseDistanceOverflows) {
  const double largest = std::numeric_limits<double>::max();
  check_spaced(linspace(-largest, largest, 3), -static_cast<real_number>(largest), largest, 3, true);
  check_spaced(linspace(largest, -largest, 5), largest, -static_cast<real_number>(largest), 5, true);
  check_spaced(linspace(-1e308, 1.5e308, 4, std::nullopt, false), -static_cast<real_number>(1e308),
               static_cast<real_number>(1.5e308), 4, false);
  const std::complex<double> corner(largest, -largest);
  check_spaced(linspace(-corner, corner, 5), exact(-largest, largest), exact(largest, -largest), 5, true);
}

TEST(Linspace, OfComplexBounds) {
  using complex = std::complex<double>;
  for (const std::int64_t count : {0, 1, 2, 5, 33}) {
    for (const bool endpoint : {true, false}) {
      check_spaced(linspace(complex(1, -2), complex(-3, 0.7), count, std::nullopt, endpoint), exact(1, -2),
                   exact(-3, static_cast<real_number>(0.7)), count, endpoint);
      check_spaced(linspace(complex(0, 1), 3, count, std::nullopt, endpoint), exact(0, 1), 3, count, endpoint);
    }
  }
  EXPECT_EQ(linspace(complex(0, 1), 3, 2).dtype(), complex128);
  EXPECT_TRUE(equals(linspace(complex(0, 1), complex(2, 5), 3, complex64),
                     {complex64, {3}, {exact(0, 1), exact(1, 3), exact(2, 5)}}));
  EXPECT_TRUE(equals(linspace(0, 2, 3, complex64), {complex64, {3}, {0, 1, 2}}));
  EXPECT_TRUE(
      mentions(text_of<dtype_error>([&] { linspace(complex(0, 1), 3, 2, float64); }), {"complex128", "float64"}));
  EXPECT_THROW(linspace(complex(0, 1), 3, 2, int32), dtype_error);
}

TEST(Linspace, IntoIntegersRoundsDown) {
  for (const dtype type : {int8, int16, int32, int64}) {
    EXPECT_TRUE(equals(linspace(-1, 1, 5, type), {type, {5}, {-1, -1, 0, 0, 1}})) << name(type);
    EXPECT_TRUE(equals(linspace(-1, -2, 5, type), {type, {5}, {-1, -2, -2, -2, -2}})) << name(type);
  }
  for (const dtype type : {int8, uint8, int64, uint64, float32}) {
    EXPECT_TRUE(equals(linspace(0, 100, 5, type), {type, {5}, {0, 25, 50, 75, 100}})) << name(type);
    EXPECT_TRUE(equals(linspace(0, 100, 4, type, false), {type, {4}, {0, 25, 50, 75}})) << name(type);
  }
  EXPECT_TRUE(equals(linspace(0, 10, 5, uint16), {uint16, {5}, {0, 2, 5, 7, 10}}));
  EXPECT_TRUE(equals(linspace(0.25, 3, 4, uint8), {uint8, {4}, {0, 1, 2, 3}}));
  EXPECT_TRUE(equals(linspace(0, 1, 3, bool_), {bool_, {3}, {0, 1, 1}}));
  EXPECT_TRUE(equals(linspace(0, 1000, 3, int8), {int8, {3}, {0, 127, 127}}));
  EXPECT_TRUE(equals(linspace(0.1, 0.2, 2, float32),
                     {float32, {2}, {static_cast<real_number>(0.1F), static_cast<real_number>(0.2F)}}));
}

TEST(Linspace, RefusesCountsThatCannotBe) {
  EXPECT_TRUE(mentions(text_of<argument_error>([] { linspace(0, 1, -1); }), {"linspace", "-1"}));
  EXPECT_THROW(linspace(0, 1, least), argument_error);
  EXPECT_TRUE(mentions(text_of<shape_error>([] { linspace(0, 1, most); }), {"linspace"}));
  EXPECT_THROW(linspace(0, 1, std::int64_t{1} << 50), out_of_memory);
}

}  // namespace
}  // namespace tandem::testing
