#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/errors.h>
#include <tandem/statistics.h>

#include "statistics/reference.h"
#include "support/exact_array.h"
#include "support/operands.h"

// dtype= and correction=, reductions of nothing, special numbers, integers at their limits, and what is refused.
namespace tandem::testing {
namespace {

constexpr real_number nan = std::numeric_limits<real_number>::quiet_NaN();

// As astype converts: floats truncate and saturate, integers wrap, anything but 0 is true.
exact converted(exact x, dtype from, dtype to) {
  if (to == dtype::bool_) return x != exact(0) ? 1.0L : 0.0L;
  if (is_integer(to)) {
    if (!is_floating(from)) return wrapped(whole_of(x), to);
    const whole low =
        kind_of(to) == dtype_kind::signed_integer ? -(static_cast<whole>(1) << (8 * item_size(to) - 1)) : 0;
    const whole high = low + (static_cast<whole>(1) << (8 * item_size(to))) - 1;
    return static_cast<real_number>(std::clamp(whole_of(x), low, high));
  }
  const auto rounded = [&](real_number part) {
    return real_part(to) == dtype::float32 ? static_cast<real_number>(static_cast<float>(part))
                                           : static_cast<real_number>(static_cast<double>(part));
  };
  return {rounded(x.real()), rounded(x.imag())};
}

TEST(DtypeOption, ConvertsElementsBeforeTheyAreCombined) {
  random_numbers random(4711);
  for (const dtype from : all_dtypes) {
    for (const dtype to : all_dtypes) {
      for (const statistic which : {statistic::sum, statistic::prod}) {
        SCOPED_TRACE(std::string(name_of(which)) + " of " + std::string(name(from)) + " as " + std::string(name(to)));
        const operand x = random_operand(from, {3, 5}, random.one_of(all_forms), numbers::small, random);
        const statistic_options options{.axis = 1, .keepdims = random.chance(50), .dtype = to};
        if (is_complex(from) && !is_complex(to) && to != dtype::bool_) {
          const std::string text = text_of<dtype_error>([&] { call(which, x.view, options); });
          EXPECT_TRUE(mentions(text, {std::string(name(from)).c_str(), std::string(name(to)).c_str()}));
          continue;
        }
        exact_array values = x.values;
        for (exact& each : values.at) each = converted(each, from, to);
        values.type = to;
        ASSERT_TRUE(within(eval(call(which, x.view, options)), expected(which, values, options, true)));
      }
    }
  }
}

TEST(Correction, IsSubtractedFromTheDivisor) {
  random_numbers random(4712);
  for (const dtype type : all_dtypes) {
    for (const std::int64_t extent : {1, 2, 3, 7, 100}) {
      for (const double correction :
           {0.0, 1.0, 2.5, -1.0, static_cast<double>(extent), static_cast<double>(extent) + 3.0}) {
        for (const statistic which : {statistic::var, statistic::std}) {
          SCOPED_TRACE(std::string(name_of(which)) + " of " + std::to_string(extent) + " " + std::string(name(type)) +
                       " - " + std::to_string(correction));
          const operand x = random_operand(type, {extent, 4}, random.one_of(all_forms), numbers::small, random);
          const statistic_options options{.axis = 0, .correction = correction};
          ASSERT_TRUE(within(eval(call(which, x.view, options)), expected(which, x.values, options)));
        }
      }
    }
  }
}

TEST(OfNothing, IsTheNeutralElementOrNanOrAnError) {
  for (const dtype type : all_dtypes) {
    SCOPED_TRACE(std::string(name(type)));
    const ndarray x = zeros({3, 0}, type);
    EXPECT_TRUE(equals(eval(sum(x)), {accumulator_of(type), {}, {0}}));
    EXPECT_TRUE(equals(eval(prod(x, {.axis = 1})), {accumulator_of(type), {3}, {1, 1, 1}}));
    EXPECT_TRUE(equals(eval(any(x, {.axis = -1, .keepdims = true})), {bool_, {3, 1}, {0, 0, 0}}));
    EXPECT_TRUE(equals(eval(tandem::all(x)), {bool_, {}, {1}}));
    EXPECT_TRUE(equals(eval(count_nonzero(x, {.axis = 1})), {int64, {3}, {0, 0, 0}}));
    const dtype floating = is_floating(type) ? type : float64;
    const exact nothing(nan, is_complex(type) ? nan : 0);
    EXPECT_TRUE(equals(eval(mean(x)), {floating, {}, {nothing}}));
    EXPECT_TRUE(equals(eval(var(x, {.axis = 1})), {real_part(floating), {3}, {nan, nan, nan}}));
    EXPECT_TRUE(equals(eval(tandem::std(x, {.correction = 1})), {real_part(floating), {}, {nan}}));
    // Along the other axis there is no group at all.
    EXPECT_TRUE(equals(eval(sum(x, {.axis = 0})), {accumulator_of(type), {0}, {}}));
    if (is_complex(type)) continue;
    EXPECT_TRUE(equals(eval(max(x, {.axis = 0})), {type, {0}, {}}));
    EXPECT_TRUE(mentions(text_of<shape_error>([&] { min(x); }), {"min", "axis 1", "(3, 0)"}));
    EXPECT_TRUE(mentions(text_of<shape_error>([&] { max(x, {.axis = -1}); }), {"max", "axis 1", "(3, 0)"}));
  }
}

TEST(SpecialNumbers, GoThroughEveryReduction) {
  random_numbers random(4713);
  for (const statistic which : all_statistics) {
    for (const dtype type : all_dtypes) {
      // Where infinities meet zeros in complex products and quotients, the order of the work decides what is nan.
      const bool multiplies =
          which == statistic::prod || which == statistic::mean || which == statistic::var || which == statistic::std;
      if (!takes(which, type) || (is_complex(type) && multiplies)) continue;
      for (int round = 0; round < 40; ++round) {
        const dims shape = round % 2 == 0 ? dims{3, 5} : dims{2, 2, 30};
        const operand x = random_operand(type, shape, random.one_of(all_forms), numbers::special, random);
        const statistic_options options{.axis = random.between(0, shape.size() - 1)};
        SCOPED_TRACE(std::string(name_of(which)) + " of " + std::string(name(type)) + " axis " +
                     to_string(*options.axis.list()));
        ASSERT_TRUE(within(eval(call(which, x.view, options)), expected(which, x.values, options)));
      }
    }
  }
}

TEST(SpecialNumbers, OneNanAnywhereIsTheExtreme) {
  for (const std::int64_t extent : {1, 2, 3, 511, 512, 513, 1025, 70001}) {
    for (const std::int64_t place : {std::int64_t{0}, std::int64_t{1}, extent / 2, extent - 2, extent - 1}) {
      if (place < 0 || place >= extent) continue;
      for (const dtype type : {float32, float64}) {
        const ndarray x = full({extent}, 3, type);
        x(place) = std::numeric_limits<double>::quiet_NaN();
        EXPECT_TRUE(std::isnan(ndarray(min(x)).item<double>())) << extent << " " << place;
        EXPECT_TRUE(std::isnan(ndarray(max(x)).item<double>())) << extent << " " << place;
        EXPECT_TRUE(std::isnan(ndarray(sum(x)).item<double>())) << extent << " " << place;
        EXPECT_EQ(ndarray(count_nonzero(x)).item<std::int64_t>(), extent);
        EXPECT_TRUE(ndarray(tandem::all(x)).item<bool>());
      }
    }
  }
}

TEST(Integers, WrapAtTheirLimits) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(ndarray(sum(array<std::int64_t>({most, 1}))).item<std::int64_t>(), least);
  EXPECT_EQ(ndarray(sum(array<std::int64_t>({least, -1}))).item<std::int64_t>(), most);
  EXPECT_EQ(ndarray(prod(array<std::int64_t>({most, 2}))).item<std::int64_t>(), -2);
  EXPECT_EQ(ndarray(prod(array<std::int64_t>({least, -1}))).item<std::int64_t>(), least);
  EXPECT_EQ(ndarray(sum(array<std::uint64_t>({~std::uint64_t{0}, 2}))).item<std::uint64_t>(), 1U);
  EXPECT_EQ(ndarray(sum(array<std::int8_t>({127, 127, 127}))).item<std::int64_t>(), 381);
  EXPECT_EQ(ndarray(sum(array<std::int8_t>({127, 127, 127}), {.dtype = int8})).item<std::int8_t>(), 125);
  EXPECT_EQ(ndarray(sum(array<std::uint8_t>({255, 255}))).item<std::uint64_t>(), 510U);
  EXPECT_EQ(ndarray(sum(array<bool>({true, true, true}))).item<std::int64_t>(), 3);
  EXPECT_EQ(ndarray(mean(array<std::int64_t>({most, most}))).item<double>(), 0x1p63);
  EXPECT_EQ(ndarray(min(array<std::int64_t>({0, least, most}))).item<std::int64_t>(), least);
  EXPECT_EQ(ndarray(max(array<std::uint64_t>({0, ~std::uint64_t{0}}))).item<std::uint64_t>(), ~std::uint64_t{0});
}

TEST(Numbers, ReduceAsArraysOfNoAxis) {
  EXPECT_TRUE(equals(eval(sum(3)), {int64, {}, {3}}));
  EXPECT_TRUE(equals(eval(sum(2.5F)), {float64, {}, {2.5L}}));
  EXPECT_TRUE(equals(eval(prod(true)), {int64, {}, {1}}));
  EXPECT_TRUE(equals(eval(mean(7)), {float64, {}, {7}}));
  EXPECT_TRUE(equals(eval(max(expr(4) + 1)), {int64, {}, {5}}));
  EXPECT_TRUE(equals(eval(tandem::std(array<float>({5})(0))), {float32, {}, {0}}));
  EXPECT_TRUE(equals(eval(argmax(5)), {int64, {}, {0}}));
}

TEST(Refused, AxesOutOfRangeOrGivenTwice) {
  const ndarray x = zeros({2, 3});
  for (const statistic which : all_statistics) {
    SCOPED_TRACE(std::string(name_of(which)));
    const std::string text = text_of<index_error>([&] { call(which, x, {.axis = 2}); });
    EXPECT_TRUE(mentions(text, {std::string(name_of(which)).c_str(), "axis 2", "2 axes"}));
    EXPECT_THROW(call(which, x, {.axis = -3}), index_error);
    EXPECT_THROW(call(which, x, {.axis = std::numeric_limits<std::int64_t>::min()}), index_error);
    EXPECT_TRUE(mentions(text_of<index_error>([&] { call(which, x, {.axis = {0, -2}}); }), {"twice"}));
    EXPECT_THROW(call(which, zeros({}), {.axis = 0}), index_error);
  }
  EXPECT_TRUE(mentions(text_of<index_error>([&] { argmax(x, {.axis = 5}); }), {"argmax", "axis 5"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { cumulative_sum(x, {.axis = -3}); }), {"cumulative_sum", "axis -3"}));
}

TEST(Refused, AnOrderOfComplexNumbers) {
  for (const dtype type : {complex64, complex128}) {
    const ndarray x = ones({3}, type);
    const std::string of(name(type));
    EXPECT_TRUE(mentions(text_of<dtype_error>([&] { min(x); }), {"min", of.c_str()}));
    EXPECT_TRUE(mentions(text_of<dtype_error>([&] { max(x); }), {"max", of.c_str()}));
    EXPECT_TRUE(mentions(text_of<dtype_error>([&] { argmin(x); }), {"argmin", of.c_str()}));
    EXPECT_TRUE(mentions(text_of<dtype_error>([&] { argmax(x); }), {"argmax", of.c_str()}));
  }
}

TEST(Refused, SearchingNothing) {
  EXPECT_TRUE(mentions(text_of<shape_error>([] { argmax(zeros({0})); }), {"argmax", "(0,)"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([] { argmin(zeros({2, 0, 3}), {.axis = 1}); }), {"argmin", "(2, 0, 3)"}));
  EXPECT_EQ(argmin(zeros({2, 0, 3}), {.axis = 0}).shape(), (dims{0, 3}));
  EXPECT_EQ(eval(argmin(zeros({2, 0, 3}), {.axis = 0, .keepdims = true})).shape(), (dims{1, 0, 3}));
}

}  // namespace
}  // namespace tandem::testing
