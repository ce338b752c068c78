#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/manipulation.h>
#include <tandem/products.h>
#include <tandem/statistics.h>

#include "products/reference.h"
#include "support/exact_array.h"
#include "support/operands.h"

// Products written into views of every layout, and of sizes beyond the blocks that strided operands are packed into.
namespace tandem::testing {
namespace {

// A view of that form of a new array, and the array, whose elements all are `filling`.
struct target {
  ndarray base;
  ndarray view;
};

target make_target(dtype type, const dims& shape, form f, const scalar& filling) {
  const int rank = shape.size();
  dims base_shape = shape;
  const auto all_slices = [&](const slice& each) {
    return std::vector<index>(static_cast<std::size_t>(rank), index(each));
  };
  switch (f) {
    case form::transposed: {
      std::reverse(base_shape.begin(), base_shape.end());
      const ndarray base = full(base_shape, filling, type);
      return {base, base.transposed()};
    }
    case form::reversed: {
      const ndarray base = full(base_shape, filling, type);
      return {base, base.view(all_slices(slice(none, none, -1)))};
    }
    case form::every_second: {
      for (std::int64_t& extent : base_shape) extent *= 2;
      const ndarray base = full(base_shape, filling, type);
      return {base, base.view(all_slices(slice(1, none, 2)))};
    }
    case form::part: {
      for (std::int64_t& extent : base_shape) extent += 3;
      const ndarray base = full(base_shape, filling, type);
      return {base, base.view(all_slices(slice(1, -2)))};
    }
    case form::shuffled: {  // the matrices' rows are the slowest axis of all, with gaps between columns
      dims order;
      for (std::int64_t axis = 0; axis < rank; ++axis) order.push_back((axis + 1) % rank);
      std::rotate(base_shape.begin(), base_shape.end() - 1, base_shape.end());
      base_shape[rank - 1] *= 3;
      const ndarray base = full(base_shape, filling, type);
      return {base, ndarray(permute_dims(base(ellipsis, slice(none, none, -3)), order))};
    }
    default: {
      const ndarray base = full(base_shape, filling, type);
      return {base, base};
    }
  }
}

// How many elements are not what the array was filled with.
std::int64_t changed(const ndarray& base, const scalar& filling) {
  if (std::isnan(filling.as<double>())) return ndarray(count_nonzero(logical_not(isnan(base)))).item<std::int64_t>();
  return ndarray(count_nonzero(not_equal(base, filling))).item<std::int64_t>();
}

TEST(MatmulPlaces, AreViewsOfEveryLayout) {
  random_numbers random(9001);
  for (const dtype type : {int16, uint64, float32, float64, complex64, complex128}) {
    // What is there before must not matter, not even nan. For integers, a number that no product here can be.
    const scalar filling = is_floating(type) ? scalar(std::numeric_limits<double>::quiet_NaN()) : scalar(30001);
    for (const auto& [x_shape, y_shape] : std::vector<std::pair<dims, dims>>{{{5, 6}, {6, 7}},
                                                                             {{1, 6}, {6, 7}},
                                                                             {{5, 6}, {6, 1}},
                                                                             {{40, 30}, {30, 33}},
                                                                             {{2, 3, 4}, {4, 5}},
                                                                             {{3, 1, 2, 4}, {2, 4, 3}},
                                                                             {{4, 0}, {0, 3}}}) {
      for (const form f : writable_forms) {
        for (const form g : {form::row_major, form::transposed, form::shuffled, form::repeated}) {
          const operand x = random_operand(type, x_shape, g, numbers::small, random);
          const operand y = random_operand(type, y_shape, random.one_of(all_forms), numbers::small, random);
          const expected_product wanted = expected_matmul(x.values, y.values, type, true);
          const target to = make_target(type, wanted.values.shape, f, filling);
          ASSERT_EQ(to.view.shape(), wanted.values.shape);
          to.view.assign(matmul(x.view, y.view));
          ASSERT_TRUE(within(to.view, wanted))
              << name(type) << " " << to_string(x_shape) << " @ " << to_string(y_shape) << " " << name_of(f);
          // Nothing beside the view was written.
          ASSERT_EQ(changed(to.base, filling), to.view.size()) << name(type) << " " << name_of(f);
        }
      }
    }
  }
}

TEST(MatmulPlaces, MayBeTheOperands) {
  random_numbers random(9002);
  for (const dtype type : {int32, float32, float64, complex128}) {
    const operand x = random_operand(type, {40, 40}, form::row_major, numbers::small, random);
    const operand y = random_operand(type, {40, 40}, form::row_major, numbers::small, random);
    const ndarray z = eval(x.view + zeros({}, type));
    z.assign(matmul(z, y.view));
    EXPECT_TRUE(within(z, expected_matmul(x.values, y.values, type, true))) << name(type);
    const ndarray w = eval(x.view + zeros({}, type));
    w.transposed().assign(matmul(y.view, w));
    EXPECT_TRUE(within(w.transposed(), expected_matmul(y.values, x.values, type, true))) << name(type);
  }
}

// Blocks have a side of at most 256: sizes above it, on each axis in turn.
TEST(MatmulPlaces, OfSizesAroundThePackingBlock) {
  random_numbers random(9003);
  struct sizes {
    std::int64_t m, k, n;
  };
  for (const auto& [m, k, n] : {sizes{703, 5, 4},
                                {705, 3, 2},
                                {4, 704, 5},
                                {3, 705, 6},
                                {2, 1500, 3},
                                {5, 4, 706},
                                {3, 2, 1409},
                                {710, 6, 709},
                                {720, 1, 711}}) {
    for (const dtype type : {float32, complex128}) {
      for (const form f : {form::every_second, form::reversed, form::repeated}) {
        const operand x = random_operand(type, {m, k}, f, numbers::small, random);
        const operand y = random_operand(type, {k, n}, random.one_of(all_forms), numbers::small, random);
        const expected_product wanted = expected_matmul(x.values, y.values, type, true);
        ASSERT_TRUE(within(eval(matmul(x.view, y.view)), wanted))
            << name(type) << " " << m << " " << k << " " << n << " " << name_of(f);
        const target to = make_target(type, {m, n}, form::every_second, std::numeric_limits<double>::quiet_NaN());
        to.view.assign(matmul(x.view, y.view));
        ASSERT_TRUE(within(to.view, wanted))
            << name(type) << " " << m << " " << k << " " << n << " " << name_of(f) << " into every second";
      }
    }
  }
}

TEST(MatmulPlaces, OfLargeStridedMatricesWithRounding) {
  random_numbers random(9004);
  const operand x = random_operand(float64, {250, 711}, form::every_second, numbers::wide, random);
  const operand y = random_operand(float64, {711, 90}, form::shuffled, numbers::wide, random);
  const expected_product wanted = expected_matmul(x.values, y.values, float64, false);
  EXPECT_TRUE(within(eval(matmul(x.view, y.view)), wanted));
  const target to = make_target(float64, {250, 90}, form::shuffled, 0);
  to.view.assign(matmul(x.view, y.view));
  EXPECT_TRUE(within(to.view, wanted));
}

// Batches that are shared out among workers, and ones that are not.
TEST(MatmulPlaces, OfManySmallAndFewLargeMatrices) {
  random_numbers random(9005);
  for (const auto& [x_shape, y_shape] : std::vector<std::pair<dims, dims>>{
           {{500, 4, 5}, {500, 5, 3}}, {{3, 140, 130}, {130, 135}}, {{50, 1, 20}, {20, 30}}}) {
    for (const form f : {form::row_major, form::transposed, form::every_second}) {
      const operand x = random_operand(float32, x_shape, f, numbers::small, random);
      const operand y = random_operand(float32, y_shape, f, numbers::small, random);
      const expected_product wanted = expected_matmul(x.values, y.values, float32, true);
      for (const int workers : {1, 2, 5})
        ASSERT_TRUE(within(eval(matmul(x.view, y.view), {.workers = workers}), wanted));
    }
  }
}

}  // namespace
}  // namespace tandem::testing
