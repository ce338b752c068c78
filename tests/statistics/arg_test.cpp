#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/manipulation.h>
#include <tandem/statistics.h>

#include "statistics/reference.h"
#include "support/exact_array.h"
#include "support/operands.h"

// argmin and argmax: the first of ties, the first nan before everything.
namespace tandem::testing {
namespace {

expr call(bool largest, const expr& x, const arg_options& o) { return largest ? argmax(x, o) : argmin(x, o); }

std::int64_t best_of(const std::vector<exact>& x, bool largest) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i].real())) return static_cast<std::int64_t>(i);
    const bool better = largest ? x[i].real() > x[best].real() : x[i].real() < x[best].real();
    if (better) best = i;
  }
  return static_cast<std::int64_t>(best);
}

exact_array expected(bool largest, const exact_array& x, const arg_options& o) {
  const grouping grouped = group(x, o.axis ? axes(*o.axis) : axes(), o.keepdims);
  exact_array wanted{int64, grouped.shape, {}};
  for (const std::vector<exact>& each : grouped.groups)
    wanted.at.emplace_back(static_cast<real_number>(best_of(each, largest)));
  return wanted;
}

TEST(Arg, FindsTheFirstOfTheBest) {
  random_numbers random(501);
  for (const dtype type : all_dtypes) {
    if (is_complex(type)) continue;
    for (const dims& shape : {dims{}, dims{1}, dims{9}, dims{600}, dims{4, 7}, dims{7, 1}, dims{1, 7}, dims{3, 200},
                              dims{200, 3}, dims{3, 5, 4}, dims{2, 1, 3, 5}, dims{2, 3, 2, 3, 2}, dims{5, 150, 3}}) {
      for (const numbers kind : {numbers::small, numbers::special, numbers::wide}) {
        const operand x = random_operand(type, shape, random.one_of(all_forms), kind, random);
        for (std::int64_t axis = -shape.size(); axis <= shape.size(); ++axis) {
          // The last turn takes all axes.
          const bool one = axis < shape.size();
          const arg_options options{.axis = one ? std::optional(axis) : std::nullopt, .keepdims = random.chance(50)};
          SCOPED_TRACE(std::string(name(type)) + " " + to_string(shape) + " axis " +
                       (one ? std::to_string(axis) : "none"));
          for (const bool largest : {false, true}) {
            const exact_array wanted = expected(largest, x.values, options);
            const expr built = call(largest, x.view, options);
            ASSERT_EQ(built.shape(), wanted.shape);
            ASSERT_TRUE(equals(eval(built), wanted)) << (largest ? "argmax" : "argmin");
          }
        }
      }
    }
  }
}

TEST(Arg, FindsTheFirstOfTwoInLongArraysForAnyNumberOfWorkers) {
  random_numbers random(502);
  for (const std::int64_t extent : {511, 512, 513, 8191, 32768, 100003}) {
    for (int round = 0; round < 6; ++round) {
      const std::int64_t one = random.between(0, extent - 1);
      const std::int64_t other = round < 2 ? std::min(extent - 1, one + 1) : random.between(0, extent - 1);
      const ndarray x = zeros({extent}, float32);
      x(one) = round % 2 == 0 ? 1 : -1;
      x(other) = round % 2 == 0 ? 1 : -1;
      for (const int workers : {1, 2, 3, 7}) {
        const ndarray found = eval(round % 2 == 0 ? argmax(x) : argmin(x), {.workers = workers});
        ASSERT_EQ(found.item<std::int64_t>(), std::min(one, other)) << extent << " workers " << workers;
      }
      const ndarray again = eval(round % 2 == 0 ? argmax(flip(x)) : argmin(flip(x)), {.workers = 3});
      ASSERT_EQ(again.item<std::int64_t>(), extent - 1 - std::max(one, other)) << extent;
      x(one) = std::nan("");
      ASSERT_EQ(ndarray(argmax(x)).item<std::int64_t>(), one) << extent;
      ASSERT_EQ(ndarray(argmin(x)).item<std::int64_t>(), one) << extent;
    }
  }
}

TEST(Arg, CountsPositionsOfAllAxesInRowMajorOrder) {
  const ndarray x = zeros({70, 900}, int32);
  const ndarray turned = ndarray(permute_dims(zeros({900, 70}, int32), {1, 0}));
  for (const ndarray& each : {x, turned}) {
    each(3, 899) = 5;
    each(41, 0) = 5;
    EXPECT_EQ(ndarray(argmax(each)).item<std::int64_t>(), 3 * 900 + 899);
    EXPECT_EQ(ndarray(argmax(each, {.keepdims = true})).shape(), (dims{1, 1}));
    EXPECT_EQ(ndarray(argmin(each)).item<std::int64_t>(), 0);
  }
}

TEST(Arg, SearchesExpressions) {
  random_numbers random(503);
  const operand a = random_operand(float64, {40, 33}, form::transposed, numbers::wide, random);
  const operand b = random_operand(float64, {40, 33}, form::every_second, numbers::wide, random);
  exact_array distance = a.values;
  for (std::size_t i = 0; i < distance.at.size(); ++i) {
    distance.at[i] = std::fabs(static_cast<double>(a.values.at[i].real()) - static_cast<double>(b.values.at[i].real()));
  }
  for (const std::optional<std::int64_t> axis :
       {std::optional<std::int64_t>(), std::optional<std::int64_t>(0), std::optional<std::int64_t>(1)}) {
    EXPECT_TRUE(
        equals(eval(argmax(tandem::abs(a.view - b.view), {.axis = axis})), expected(true, distance, {.axis = axis})));
  }
}

}  // namespace
}  // namespace tandem::testing
