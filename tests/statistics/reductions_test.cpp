#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/statistics.h>

#include "statistics/reference.h"
#include "support/exact_array.h"
#include "support/operands.h"

// Every reduction of every dtype it takes, over every choice of axes, in every layout.
namespace tandem::testing {
namespace {

const std::vector<dims>& shapes() {
  static const std::vector<dims> list = {
      {},          {1},          {7},          {0},          {513},           {3, 5},    {17, 31},
      {1, 9},      {9, 1},       {0, 3},       {3, 0},       {2, 3, 5},       {5, 1, 7}, {4, 0, 3},
      {3, 129, 2}, {2, 1, 3, 7}, {3, 2, 1, 5}, {2, 0, 1, 3}, {2, 3, 1, 5, 3}, {1, 1, 1}, {200, 7},
      {7, 200},    {5, 140, 3},
  };
  return list;
}

// None, each axis, some pairs and triples, negative ones, in any order; the empty list.
std::vector<axes> axis_choices(int rank, random_numbers& random) {
  std::vector<axes> choices = {axes(), axes(dims{})};
  for (std::int64_t axis = -rank; axis < rank; ++axis) choices.emplace_back(axis);
  for (int drawn = 0; drawn < (rank > 1 ? 4 : 0); ++drawn) {
    dims list;
    for (std::int64_t axis = 0; axis < rank; ++axis) {
      if (random.chance(60))
        list.insert(static_cast<int>(random.between(0, list.size())), random.chance(50) ? axis : axis - rank);
    }
    choices.emplace_back(list);
  }
  return choices;
}

bool is_empty_extreme(statistic which, const exact_array& x, const axes& axis) {
  if (which != statistic::min && which != statistic::max) return false;
  const std::vector<bool> reduced = reduced_flags(axis, x.shape.size());
  for (int i = 0; i < x.shape.size(); ++i) {
    if (reduced[static_cast<std::size_t>(i)] && x.shape[i] == 0) return true;
  }
  return false;
}

class Reductions : public ::testing::TestWithParam<statistic> {};

TEST_P(Reductions, AgreeWithPlainLoops) {
  const statistic which = GetParam();
  random_numbers random(20260 + static_cast<std::uint64_t>(which));
  int cases = 0;
  for (const dtype type : all_dtypes) {
    if (!takes(which, type)) continue;
    for (const dims& shape : shapes()) {
      for (int round = 0; round < 2; ++round) {
        const form f = random.one_of(all_forms);
        const numbers kind = which == statistic::prod ? numbers::near_one
                             : random.chance(50)      ? numbers::small
                                                      : numbers::wide;
        const operand x = random_operand(type, shape, f, kind, random);
        for (const axes& axis : axis_choices(shape.size(), random)) {
          SCOPED_TRACE(std::string(name(type)) + " " + to_string(shape) + " " + std::string(name_of(f)) + " axis " +
                       (axis.list() ? to_string(*axis.list()) : "none"));
          const statistic_options options{.axis = axis, .keepdims = random.chance(50)};
          if (is_empty_extreme(which, x.values, axis)) {
            ASSERT_THROW(call(which, x.view, options), shape_error);
            continue;
          }
          const expected_array wanted = expected(which, x.values, options, kind == numbers::small);
          const expr built = call(which, x.view, options);
          ASSERT_EQ(built.shape(), wanted.values.shape);
          ASSERT_EQ(built.dtype(), wanted.values.type);
          ASSERT_TRUE(within(eval(built), wanted));
          ++cases;
        }
      }
    }
  }
  EXPECT_GT(cases, 1000);
}

TEST_P(Reductions, OfAnExpressionOfUnlikeLayoutsAgreeWithPlainLoops) {
  const statistic which = GetParam();
  random_numbers random(30260 + static_cast<std::uint64_t>(which));
  for (const dtype type : {int32, float32, float64, complex128}) {
    if (!takes(which, type)) continue;
    for (const dims& shape : {dims{7, 5}, dims{3, 170, 4}, dims{2, 3, 5, 7}}) {
      const operand a = random_operand(type, shape, form::transposed, numbers::small, random);
      const operand b = random_operand(type, shape, random.one_of(all_forms), numbers::small, random);
      const operand c = random_operand(type, shape, form::repeated, numbers::small, random);
      exact_array value = a.values;
      for (std::size_t i = 0; i < value.at.size(); ++i)
        value.at[i] = plus(a.values.at[i], b.values.at[i]) - c.values.at[i];
      for (const axes& axis : axis_choices(shape.size(), random)) {
        SCOPED_TRACE(std::string(name(type)) + " " + to_string(shape) + " axis " +
                     (axis.list() ? to_string(*axis.list()) : "none"));
        if (which == statistic::prod && is_floating(type)) {
          // Sums of three small numbers leave the range of float32 in long products: take their signs.
          exact_array signs = value;
          for (exact& each : signs.at) each = each.real() >= 0 ? 1 : -1;
          const expr sign = where(greater_equal(real(a.view + b.view - c.view), 0), 1, -1);
          ASSERT_TRUE(
              within(eval(call(which, astype(sign, type), {.axis = axis})), expected(which, signs, {.axis = axis})));
        } else {
          ASSERT_TRUE(within(eval(call(which, a.view + b.view - c.view, {.axis = axis})),
                             expected(which, value, {.axis = axis})));
        }
      }
    }
  }
}

// Lengths on every side of those that have loops of their own, in groups of neighbours and across rows; for min and max
// with nan, infinities and ties.
TEST_P(Reductions, OfEveryShortLengthAgreeWithPlainLoops) {
  const statistic which = GetParam();
  random_numbers random(40260 + static_cast<std::uint64_t>(which));
  const bool extreme = which == statistic::min || which == statistic::max;
  std::vector<std::int64_t> lengths = {63, 64, 65, 100, 127, 128, 129, 255, 300, 600};
  for (std::int64_t length = 1; length <= 34; ++length) lengths.push_back(length);
  for (const dtype type : all_dtypes) {
    if (!takes(which, type)) continue;
    const numbers kind = extreme ? numbers::special : which == statistic::prod ? numbers::near_one : numbers::small;
    for (const std::int64_t length : lengths) {
      const std::int64_t others = random.one_of(std::array{1, 3, 19, 70});
      for (const std::int64_t axis : {0, 1}) {
        const dims shape = axis == 0 ? dims{length, others} : dims{others, length};
        const operand x = random_operand(type, shape, random.one_of(all_forms), kind, random);
        SCOPED_TRACE(std::string(name(type)) + " " + to_string(shape) + " axis " + std::to_string(axis));
        ASSERT_TRUE(within(eval(call(which, x.view, {.axis = axis})),
                           expected(which, x.values, {.axis = axis}, kind == numbers::small)));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Statistics, Reductions, ::testing::ValuesIn(all_statistics),
                         [](const auto& test) { return std::string(name_of(test.param)); });

}  // namespace
}  // namespace tandem::testing
