#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/manipulation.h>
#include <tandem/statistics.h>

#include "statistics/arg_reference.h"
#include "statistics/reference.h"
#include "support/exact_array.h"
#include "support/operands.h"

// argmin and argmax: the first of ties, the first nan before everything.
namespace tandem::testing {
namespace {

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
            const exact_array wanted = expected_arg(largest, x.values, options);
            const expr built = call_arg(largest, x.view, options);
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
    EXPECT_TRUE(equals(eval(argmax(tandem::abs(a.view - b.view), {.axis = axis})),
                       expected_arg(true, distance, {.axis = axis})));
  }
}

// The first of the best of `count` elements that lie `step` apart, found one by one.
template <class T>
std::int64_t first_best(const T* x, std::int64_t count, std::int64_t step, bool largest) {
  std::int64_t best = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const T each = x[i * step];
    if (each != each) return i;
    if (largest ? each > x[best * step] : each < x[best * step]) best = i;
  }
  return best;
}

template <class T>
void expect_first_best(const std::vector<T>& x, const ndarray& given, std::int64_t outer, std::int64_t middle,
                       std::int64_t inner, bool largest) {
  const std::vector<std::int64_t> found = given.to_vector<std::int64_t>();
  ASSERT_EQ(static_cast<std::int64_t>(found.size()), outer * inner);
  for (std::int64_t i = 0; i < outer; ++i) {
    for (std::int64_t j = 0; j < inner; ++j) {
      ASSERT_EQ(found[static_cast<std::size_t>(i * inner + j)],
                first_best(x.data() + i * middle * inner + j, middle, inner, largest))
          << "result " << i << ", " << j;
    }
  }
}

// (outer, middle, inner) on every side of what fills registers, tiles and blocks, in both orders of memory.
template <class T>
void search_shapes(random_numbers& random) {
  constexpr std::int64_t shapes[][3] = {
      {1, 5000, 1}, {1, 70001, 1}, {700, 2, 1},   {701, 3, 1},   {90, 10, 1},   {33, 127, 1},   {300, 128, 1},
      {7, 129, 1},  {3, 1000, 1},  {1, 3000, 2},  {1, 3001, 3},  {2, 900, 5},   {1, 2000, 7},   {1, 1501, 10},
      {1, 777, 16}, {1, 401, 33},  {3, 150, 63},  {1, 260, 100}, {1, 130, 257}, {1, 40, 511},   {1, 40, 512},
      {2, 19, 513}, {1, 10, 3000}, {1, 15, 1100}, {100, 10, 10}, {20, 7, 30},   {1, 20000, 12}, {5, 3, 4}};
  for (const auto& [outer, middle, inner] : shapes) {
    const std::int64_t size = outer * middle * inner;
    std::vector<T> x(static_cast<std::size_t>(size));
    // Few different numbers, so that there are ties everywhere; or growing ones, so that each beats those before it.
    const int kind = static_cast<int>(random.between(0, 4));
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto of_few = static_cast<T>(random.between(0, kind == 0 ? 1 : 100));
      x[i] = kind == 1 ? static_cast<T>(i / 700) : of_few;
    }
    if constexpr (std::is_floating_point_v<T>) {
      const std::int64_t odd_ones = kind < 2 ? 0 : kind == 2 ? 1 : size / 50 + 2;
      for (std::int64_t i = 0; i < odd_ones; ++i) {
        const T odd[] = {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity(),
                         -std::numeric_limits<T>::infinity(), T(-0.0)};
        x[static_cast<std::size_t>(random.between(0, size - 1))] = odd[kind == 2 ? 0 : random.between(0, 3)];
      }
      if (kind == 4) std::fill(x.begin() + size / 3, x.end(), std::numeric_limits<T>::quiet_NaN());
    }
    const ndarray row_major = array(std::span<const T>(x), {outer, middle, inner});
    const ndarray middle_last = ndarray(permute_dims(empty({outer, inner, middle}, dtype_of<T>), {0, 2, 1}));
    middle_last.assign(row_major);
    const ndarray backward = zeros({outer, middle, 2 * inner}, dtype_of<T>)(ellipsis, slice(none, none, -2));
    backward.assign(row_major);
    for (const ndarray& each : {row_major, middle_last, backward}) {
      for (const bool largest : {false, true}) {
        SCOPED_TRACE(std::string(name(dtype_of<T>)) + " " + to_string(each.shape()) + " strides " +
                     to_string(each.strides()) + " kind " + std::to_string(kind) + (largest ? " argmax" : " argmin"));
        for (const int workers : {1, 2, 5, 8}) {
          const expr along = call_arg(largest, each, {.axis = 1});
          expect_first_best(x, eval(along, {.workers = workers}), outer, middle, inner, largest);
          const expr of_all = call_arg(largest, each, {});
          ASSERT_EQ(eval(of_all, {.workers = workers}).template item<std::int64_t>(),
                    first_best(x.data(), size, 1, largest));
        }
        const expr computed = call_arg(largest, where(each == each, each, each), {.axis = 1});
        expect_first_best(x, eval(computed), outer, middle, inner, largest);
        if (::testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

TEST(Arg, FindsTheFirstOfTheBestOfEveryShape) {
  random_numbers random(504);
  for (int round = 0; round < 3; ++round) {
    search_shapes<float>(random);
    search_shapes<double>(random);
  }
  search_shapes<std::int8_t>(random);
  search_shapes<std::uint8_t>(random);
  search_shapes<std::int16_t>(random);
  search_shapes<std::uint16_t>(random);
  search_shapes<std::int32_t>(random);
  search_shapes<std::uint32_t>(random);
  search_shapes<std::int64_t>(random);
  search_shapes<std::uint64_t>(random);
}

TEST(Arg, FindsTheFirstNanWhereverItIs) {
  for (const std::int64_t columns : {1, 3, 300}) {
    const std::int64_t rows = 12000 / columns;
    for (const std::int64_t at : {std::int64_t(0), std::int64_t(1), rows / 3, rows - 2, rows - 1}) {
      const ndarray x = eval(reshape(arange(0.0, 1.0 * static_cast<double>(rows * columns)), {rows, columns}));
      x(at, columns - 1) = std::nan("");
      x(rows - 1, columns - 1) = std::nan("");
      for (const bool largest : {false, true}) {
        const ndarray along = call_arg(largest, x, {.axis = 0});
        for (std::int64_t j = 0; j < columns - 1; ++j) ASSERT_EQ(along(j).item<std::int64_t>(), largest ? rows - 1 : 0);
        ASSERT_EQ(along(columns - 1).item<std::int64_t>(), at) << columns;
        ASSERT_EQ(ndarray(call_arg(largest, x, {})).item<std::int64_t>(), at * columns + columns - 1) << columns;
      }
    }
  }
}

}  // namespace
}  // namespace tandem::testing
