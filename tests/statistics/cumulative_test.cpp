#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/errors.h>
#include <tandem/manipulation.h>
#include <tandem/statistics.h>

#include "statistics/cumulative_reference.h"
#include "statistics/reference.h"
#include "support/exact_array.h"
#include "support/operands.h"

// cumulative_sum and cumulative_prod along every axis of every dtype and layout.
namespace tandem::testing {
namespace {

TEST(Cumulative, AgreesWithPlainLoops) {
  random_numbers random(701);
  for (const dtype type : all_dtypes) {
    for (const dims& shape :
         {dims{1}, dims{0}, dims{7}, dims{513}, dims{3, 5}, dims{5, 1}, dims{1, 5}, dims{0, 3}, dims{3, 0},
          dims{4, 130}, dims{130, 4}, dims{2, 3, 5}, dims{3, 600, 2}, dims{2, 1, 3, 4}, dims{2, 3, 1, 2, 5}}) {
      for (std::int64_t axis = -shape.size(); axis < shape.size(); ++axis) {
        for (const bool product : {false, true}) {
          const form f = random.one_of(all_forms);
          const numbers kind = product ? numbers::near_one : random.chance(50) ? numbers::small : numbers::wide;
          const operand x = random_operand(type, shape, f, kind, random);
          const scan_options options{.axis = axis, .include_initial = random.chance(50)};
          SCOPED_TRACE(std::string(product ? "cumulative_prod of " : "cumulative_sum of ") + std::string(name(type)) +
                       " " + to_string(shape) + " " + std::string(name_of(f)) + " axis " + std::to_string(axis));
          const int counted = static_cast<int>(axis < 0 ? axis + shape.size() : axis);
          const expected_array wanted = expected_cumulative(product, x.values, counted, accumulator_of(type),
                                                            options.include_initial, kind == numbers::small);
          const expr built = call_cumulative(product, x.view, options);
          ASSERT_EQ(built.shape(), wanted.values.shape);
          ASSERT_TRUE(within(eval(built), wanted));
        }
      }
    }
  }
}

TEST(Cumulative, TakesADtype) {
  random_numbers random(702);
  const operand bytes = random_operand(int8, {300}, form::every_second, numbers::wide, random);
  EXPECT_TRUE(within(eval(cumulative_sum(bytes.view, {.dtype = int8})),
                     expected_cumulative(false, bytes.values, 0, int8, false, false)));
  EXPECT_TRUE(within(eval(cumulative_prod(bytes.view, {.dtype = int8})),
                     expected_cumulative(true, bytes.values, 0, int8, false, false)));
  EXPECT_TRUE(within(eval(cumulative_sum(bytes.view, {.dtype = float32})),
                     expected_cumulative(false, bytes.values, 0, float32, false, true)));
  EXPECT_TRUE(within(eval(cumulative_sum(bytes.view, {.dtype = complex64, .include_initial = true})),
                     expected_cumulative(false, bytes.values, 0, complex64, true, true)));
  const operand flags = random_operand(bool_, {40}, form::row_major, numbers::wide, random);
  EXPECT_TRUE(within(eval(cumulative_sum(flags.view, {.dtype = bool_, .include_initial = true})),
                     expected_cumulative(false, flags.values, 0, bool_, true, false)));
  EXPECT_TRUE(within(eval(cumulative_prod(flags.view, {.dtype = bool_, .include_initial = true})),
                     expected_cumulative(true, flags.values, 0, bool_, true, false)));
  EXPECT_TRUE(mentions(text_of<dtype_error>([] { cumulative_sum(zeros({2}, complex128), {.dtype = float64}); }),
                       {"complex128"}));
}

// Above 64 tiles of 512 the axis is cut into chunks.
TEST(Cumulative, OfLongAxes) {
  random_numbers random(703);
  for (const dims& shape : {dims{32768}, dims{65535}, dims{65536}, dims{65537}, dims{200001}, dims{2, 70001},
                            dims{70001, 2}, dims{70001, 3}, dims{40000, 17}, dims{600, 1000}}) {
    for (const dtype type : {float32, random.one_of(std::array{int32, float64, complex128})}) {
      const form f = random.one_of(std::array{form::row_major, form::transposed, form::every_second});
      const operand x = random_operand(type, shape, f, numbers::small, random);
      for (int axis = 0; axis < shape.size(); ++axis) {
        SCOPED_TRACE(std::string(name(type)) + " " + to_string(shape) + " " + std::string(name_of(f)) + " axis " +
                     std::to_string(axis));
        const bool initial = random.chance(30);
        const expected_array wanted = expected_cumulative(false, x.values, axis, accumulator_of(type), initial, true);
        ASSERT_TRUE(within(eval(cumulative_sum(x.view, {.axis = axis, .include_initial = initial})), wanted));
      }
    }
    const operand x = random_operand(uint32, shape, form::row_major, numbers::wide, random);
    ASSERT_TRUE(within(eval(cumulative_prod(x.view | 1, {.axis = 0})), [&] {
      exact_array odd = x.values;
      for (exact& each : odd.at) each = wrapped(whole_of(each) | 1, uint32);
      return expected_cumulative(true, odd, 0, uint64, false, false);
    }()));
  }
}

TEST(Cumulative, OfAnExpressionIntoPartOfAnArray) {
  random_numbers random(704);
  const operand a = random_operand(float64, {30, 40}, form::transposed, numbers::small, random);
  const operand b = random_operand(float64, {30, 40}, form::repeated, numbers::small, random);
  exact_array difference = a.values;
  for (std::size_t i = 0; i < difference.at.size(); ++i) difference.at[i] -= b.values.at[i];
  for (const int axis : {0, 1}) {
    const ndarray base = full({40, 60}, 7.0);
    base.transposed()(slice(0, 60, 2), slice(none, none, -1)).assign(cumulative_sum(a.view - b.view, {.axis = axis}));
    const expected_array wanted = expected_cumulative(false, difference, axis, float64, false, true);
    EXPECT_TRUE(within(base.transposed()(slice(0, 60, 2), slice(none, none, -1)), wanted));
    EXPECT_TRUE(equals(base.transposed()(slice(1, 60, 2)), {float64, {30, 40}, std::vector<exact>(1200, 7.0L)}));
  }
}

// The first total is the first element: nothing is added to it and nothing multiplied with it.
TEST(Cumulative, StartsWithTheFirstElementItself) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(equals(eval(cumulative_sum(array<double>({-0.0, -0.0, 0.0}))), {float64, {3}, {-0.0L, -0.0L, 0.0L}}));
  EXPECT_TRUE(
      equals(eval(cumulative_sum(array<double>({infinity, -infinity, 1}))), {float64, {3}, {infinity, nan, nan}}));
  EXPECT_TRUE(equals(eval(cumulative_prod(array<double>({infinity, 0, 1}))), {float64, {3}, {infinity, nan, nan}}));
  using complex = std::complex<double>;
  EXPECT_TRUE(
      equals(eval(cumulative_prod(array<complex>({complex(infinity, 0)}))), {complex128, {1}, {exact(infinity, 0)}}));
  EXPECT_TRUE(equals(eval(cumulative_prod(array<complex>({complex(-0.0, 2)}))), {complex128, {1}, {exact(-0.0L, 2)}}));
  const ndarray column = full({70000, 2}, complex(-0.0, infinity));
  const ndarray products = cumulative_prod(column, {.axis = 0});
  EXPECT_TRUE(equals(products(0), {complex128, {2}, {exact(-0.0L, infinity), exact(-0.0L, infinity)}}));
}

// In chunks, too: what is nan or infinite in one chunk is carried into the next.
TEST(Cumulative, CarriesSpecialNumbersAlong) {
  for (const std::int64_t place : {0, 1, 511, 512, 40000, 99999}) {
    const ndarray x = full({100000}, -0.0);
    EXPECT_TRUE(ndarray(tandem::all(signbit(cumulative_sum(x)))).item<bool>());
    x(place) = std::numeric_limits<double>::infinity();
    const ndarray sums = cumulative_sum(x);
    EXPECT_EQ(ndarray(count_nonzero(isinf(sums))).item<std::int64_t>(), 100000 - place);
    x(place) = std::nan("");
    EXPECT_EQ(ndarray(count_nonzero(isnan(cumulative_sum(x)))).item<std::int64_t>(), 100000 - place);
  }
}

TEST(Cumulative, NeedsAnAxisUnlessThereIsOne) {
  EXPECT_TRUE(equals(eval(cumulative_sum(array<int>({1, 2, 3}))), {int64, {3}, {1, 3, 6}}));
  const std::string text = text_of<argument_error>([] { cumulative_sum(zeros({2, 3})); });
  EXPECT_TRUE(mentions(text, {"cumulative_sum", "axis", "(2, 3)"}));
  EXPECT_THROW(cumulative_prod(zeros({2, 3})), argument_error);
  EXPECT_THROW(cumulative_sum(zeros({})), argument_error);
  EXPECT_THROW(cumulative_sum(3), argument_error);
  EXPECT_THROW(cumulative_sum(zeros({}), {.axis = 0}), index_error);
  EXPECT_THROW(cumulative_prod(zeros({2, 3}), {.axis = 2}), index_error);
}

}  // namespace
}  // namespace tandem::testing
