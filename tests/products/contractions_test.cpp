#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/errors.h>
#include <tandem/manipulation.h>
#include <tandem/policy.h>
#include <tandem/products.h>

#include "products/reference.h"
#include "support/exact_array.h"
#include "support/operands.h"

// tensordot over counts and lists of axes, vecdot over an axis of broadcast operands.
namespace tandem::testing {
namespace {

std::vector<int> normal(const dims& axes, int rank) {
  std::vector<int> list;
  for (const std::int64_t axis : axes) list.push_back(static_cast<int>(axis < 0 ? axis + rank : axis));
  return list;
}

// The parts of a shape and of its strides at the given axes, or at all others.
struct axis_group {
  dims shape;
  dims strides;
};

axis_group pick(const dims& shape, const std::vector<int>& axes) {
  axis_group picked;
  const dims strides = row_major_strides(shape);
  for (const int axis : axes) picked.shape.push_back(shape[axis]), picked.strides.push_back(strides[axis]);
  return picked;
}

axis_group others(const dims& shape, const std::vector<int>& axes) {
  std::vector<int> rest;
  for (int axis = 0; axis < shape.size(); ++axis) {
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) rest.push_back(axis);
  }
  return pick(shape, rest);
}

expected_product expected_tensordot(const exact_array& x, const exact_array& y, const dims& x_axes, const dims& y_axes,
                                    dtype type, bool exact_sums) {
  const std::vector<int> x_list = normal(x_axes, x.shape.size());
  const std::vector<int> y_list = normal(y_axes, y.shape.size());
  const axis_group x_kept = others(x.shape, x_list);
  const axis_group y_kept = others(y.shape, y_list);
  const axis_group x_summed = pick(x.shape, x_list);
  const axis_group y_summed = pick(y.shape, y_list);
  const std::vector<std::int64_t> x_terms = distances_of(x_summed.shape, x_summed.strides);
  const std::vector<std::int64_t> y_terms = distances_of(x_summed.shape, y_summed.strides);

  expected_product wanted{{type, x_kept.shape, {}}, {}};
  for (const std::int64_t extent : y_kept.shape) wanted.values.shape.push_back(extent);
  for (const std::int64_t i : distances_of(x_kept.shape, x_kept.strides)) {
    for (const std::int64_t j : distances_of(y_kept.shape, y_kept.strides)) {
      sum_of_products sum(type);
      for (std::size_t l = 0; l < x_terms.size(); ++l) {
        sum.add(x.at[static_cast<std::size_t>(i + x_terms[l])], y.at[static_cast<std::size_t>(j + y_terms[l])]);
      }
      wanted.values.at.push_back(sum.value());
      wanted.bounds.push_back(exact_sums ? 0 : sum.bound());
    }
  }
  return wanted;
}

TEST(Tensordot, SumsOverPairsOfAxes) {
  struct contraction {
    dims x, y, x_axes, y_axes;
  };
  const std::vector<contraction> contractions = {
      {{3, 4}, {4, 5}, {1}, {0}},
      {{3, 4}, {4, 5}, {-1}, {-2}},
      {{3, 4}, {3, 5}, {0}, {0}},
      {{3, 4, 5}, {4, 3, 2}, {0, 1}, {1, 0}},
      {{3, 4, 5}, {4, 3, 2}, {1, 0}, {0, 1}},
      {{2, 3, 4, 5}, {5, 3, 7}, {-1, 1}, {0, -2}},
      {{2, 3, 4}, {4, 2, 3}, {0, 1, 2}, {1, 2, 0}},
      {{2, 3}, {4, 5}, {}, {}},
      {{}, {2, 3}, {}, {}},
      {{3, 1, 2}, {1, 4}, {1}, {0}},
      {{6}, {6}, {0}, {0}},
      {{2, 0, 3}, {0, 4}, {1}, {0}},
      {{0, 3}, {3, 4}, {1}, {0}},
      {{2, 3, 0}, {3, 5}, {1}, {0}},
      {{17, 3, 9}, {9, 11}, {2}, {0}},
      {{9, 40}, {5, 40, 2}, {1}, {1}},
  };
  random_numbers random(9101);
  for (const dtype type : all_dtypes) {
    for (const contraction& c : contractions) {
      for (int round = 0; round < 4; ++round) {
        const numbers kind = random.chance(50) ? numbers::small : numbers::wide;
        const operand x = random_operand(type, c.x, random.one_of(all_forms), kind, random);
        const operand y = random_operand(type, c.y, random.one_of(all_forms), kind, random);
        SCOPED_TRACE(std::string(name(type)) + " " + to_string(c.x) + " " + to_string(c.x_axes) + " with " +
                     to_string(c.y) + " " + to_string(c.y_axes));
        const expected_product wanted =
            expected_tensordot(x.values, y.values, c.x_axes, c.y_axes, type, kind == numbers::small);
        const expr built = tensordot(x.view, y.view, c.x_axes, c.y_axes);
        ASSERT_EQ(built.shape(), wanted.values.shape);
        ASSERT_TRUE(within(eval(built), wanted));
      }
    }
  }
}

TEST(Tensordot, SumsOverACountOfAxes) {
  random_numbers random(9102);
  const operand x = random_operand(float64, {2, 3, 4}, form::shuffled, numbers::small, random);
  const operand y = random_operand(float64, {3, 4, 5}, form::transposed, numbers::small, random);
  const operand z = random_operand(float64, {2, 3, 4}, form::every_second, numbers::small, random);
  EXPECT_TRUE(
      within(eval(tensordot(x.view, y.view)), expected_tensordot(x.values, y.values, {1, 2}, {0, 1}, float64, true)));
  EXPECT_TRUE(
      within(eval(tensordot(x.view, y.view, 0)), expected_tensordot(x.values, y.values, {}, {}, float64, true)));
  EXPECT_TRUE(within(eval(tensordot(x.view, z.view, 3)),
                     expected_tensordot(x.values, z.values, {0, 1, 2}, {0, 1, 2}, float64, true)));
  EXPECT_TRUE(within(eval(tensordot(y.view, flip(y.view.transposed(), 1), 1)), [&] {
    // y with its axes reversed, then the middle one backwards.
    exact_array turned{float64, {5, 4, 3}, {}};
    for (std::int64_t i = 0; i < 5; ++i) {
      for (std::int64_t j = 3; j >= 0; --j) {
        for (std::int64_t k = 0; k < 3; ++k)
          turned.at.push_back(y.values.at[static_cast<std::size_t>((k * 4 + j) * 5 + i)]);
      }
    }
    return expected_tensordot(y.values, turned, {2}, {0}, float64, true);
  }()));
}

TEST(Tensordot, PromotesAndTakesExpressions) {
  random_numbers random(9103);
  const operand x = random_operand(int32, {3, 4}, form::transposed, numbers::small, random);
  const operand y = random_operand(float32, {4, 2}, form::reversed, numbers::small, random);
  exact_array twice = y.values;
  for (exact& each : twice.at) each *= 2;
  EXPECT_TRUE(within(eval(tensordot(x.view, y.view + y.view, 1)),
                     expected_tensordot(x.values, twice, {1}, {0}, float64, true)));
}

TEST(Tensordot, RefusesAxesThatDoNotPairUp) {
  const ndarray x = zeros({2, 3, 4});
  const ndarray y = zeros({4, 3});
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { tensordot(x, y, {2}, {1}); }),
                       {"tensordot", "(2,)", "(2, 3, 4)", "(1,)", "(4, 3)"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { tensordot(x, y, {1, 2}, {1}); }), {"tensordot"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { tensordot(x, y, 2); }), {"tensordot", "(2, 3, 4)", "(4, 3)"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { tensordot(x, y, {3}, {0}); }), {"tensordot", "axis 3"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { tensordot(x, y, {0}, {-3}); }), {"tensordot", "axis -3"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { tensordot(x, x, {1, -2}, {1, 1}); }), {"tensordot", "twice"}));
  EXPECT_THROW(tensordot(x, y, 3), index_error);
  EXPECT_THROW(tensordot(x, y, -1), index_error);
  EXPECT_THROW(tensordot(x, y, std::numeric_limits<std::int64_t>::max()), index_error);
  // 33 axes are too many for a result.
  const ndarray many = ones(dims::filled(17, 1));
  EXPECT_THROW(tensordot(many, many, 0), shape_error);
  EXPECT_EQ(tensordot(many, many, 1).rank(), 32);
  // So are 2^80 elements, also where the operands have none.
  const ndarray thin = zeros({std::int64_t{1} << 40, 0});
  EXPECT_THROW(tensordot(thin, ndarray(thin.transposed()), 1), shape_error);
}

expected_product expected_vecdot(const exact_array& x, const exact_array& y, std::int64_t axis, dtype type,
                                 bool exact_sums) {
  // Each operand with the axis last, then broadcast.
  const auto moved = [&](const exact_array& from) {
    const int along = static_cast<int>(axis < 0 ? axis + from.shape.size() : axis);
    std::vector<int> order;
    for (int i = 0; i < from.shape.size(); ++i) {
      if (i != along) order.push_back(i);
    }
    order.push_back(along);
    const axis_group picked = pick(from.shape, order);
    exact_array result{from.type, picked.shape, {}};
    for (const std::int64_t place : distances_of(picked.shape, picked.strides))
      result.at.push_back(from.at[static_cast<std::size_t>(place)]);
    return result;
  };
  const exact_array left = moved(x);
  const exact_array right = moved(y);
  const dims shape = broadcast_shape(left.shape, right.shape);
  const std::vector<std::int64_t> left_at = distances_of(shape, broadcast_strides(left.shape, shape));
  const std::vector<std::int64_t> right_at = distances_of(shape, broadcast_strides(right.shape, shape));
  const auto extent = static_cast<std::size_t>(left.shape.back());
  expected_product wanted{{type, dims(std::span(shape.begin(), static_cast<std::size_t>(shape.size() - 1))), {}}, {}};
  for (std::size_t i = 0; i < size_of(wanted.values.shape); ++i) {
    sum_of_products sum(type);
    for (std::size_t l = 0; l < extent; ++l) {
      sum.add(std::conj(left.at[static_cast<std::size_t>(left_at[i * extent + l])]),
              right.at[static_cast<std::size_t>(right_at[i * extent + l])]);
    }
    wanted.values.at.push_back(sum.value());
    wanted.bounds.push_back(exact_sums ? 0 : sum.bound());
  }
  return wanted;
}

TEST(Vecdot, SumsProductsWithTheConjugate) {
  struct pair {
    dims x, y;
    std::int64_t axis;
  };
  random_numbers random(9104);
  for (const dtype type : all_dtypes) {
    for (const auto& [x_shape, y_shape, axis] : std::vector<pair>{{{5}, {5}, -1},
                                                                  {{5}, {5}, 0},
                                                                  {{1}, {1}, -1},
                                                                  {{0}, {0}, -1},
                                                                  {{600}, {600}, 0},
                                                                  {{3, 5}, {3, 5}, -1},
                                                                  {{3, 5}, {3, 5}, 0},
                                                                  {{3, 5}, {5}, -1},
                                                                  {{5}, {3, 5}, -1},
                                                                  {{3, 1, 5}, {4, 5}, -1},
                                                                  {{2, 3, 4}, {2, 3, 4}, -2},
                                                                  {{2, 3, 1}, {3, 4}, -2},
                                                                  {{3, 0}, {3, 0}, -1},
                                                                  {{3, 0}, {1, 0}, 1},
                                                                  {{0, 3}, {3}, -1},
                                                                  {{2, 1, 4, 3}, {2, 5, 4, 3}, 2}}) {
      for (int round = 0; round < 3; ++round) {
        const numbers kind = random.chance(50) ? numbers::small : numbers::wide;
        const operand x = random_operand(type, x_shape, random.one_of(all_forms), kind, random);
        const operand y = random_operand(type, y_shape, random.one_of(all_forms), kind, random);
        SCOPED_TRACE(std::string(name(type)) + " " + to_string(x_shape) + " with " + to_string(y_shape) + " axis " +
                     std::to_string(axis));
        const expected_product wanted = expected_vecdot(x.values, y.values, axis, type, kind == numbers::small);
        const expr built = vecdot(x.view, y.view, axis);
        ASSERT_EQ(built.shape(), wanted.values.shape);
        ASSERT_TRUE(within(eval(built), wanted));
      }
    }
  }
}

TEST(Vecdot, GivesTheSameBitsForAnyNumberOfWorkers) {
  random_numbers random(9105);
  for (const dtype type : {float32, complex64}) {
    const ndarray x = random_operand(type, {100003}, form::every_second, numbers::wide, random).view;
    const ndarray y = random_operand(type, {100003}, form::reversed, numbers::wide, random).view;
    const ndarray one = eval(vecdot(x, y), {.workers = 1});
    for (const int workers : {2, 3, 4, 7}) EXPECT_TRUE(same(eval(vecdot(x, y), {.workers = workers}), one)) << workers;
  }
}

TEST(Vecdot, RefusesExtentsThatDiffer) {
  const auto text = [](const dims& x, const dims& y, std::int64_t axis) {
    return text_of<shape_error>([&] { vecdot(zeros(x), zeros(y), axis); });
  };
  EXPECT_TRUE(mentions(text({3, 4}, {3, 5}, -1), {"vecdot", "axis -1", "4", "5", "(3, 4)", "(3, 5)"}));
  // The axis itself is not broadcast.
  EXPECT_TRUE(mentions(text({3, 4}, {3, 1}, -1), {"vecdot", "(3, 1)"}));
  EXPECT_THROW(vecdot(zeros({2, 4}), zeros({3, 4})), shape_error);
  EXPECT_THROW(vecdot(zeros({}), zeros({3})), shape_error);
  EXPECT_THROW(vecdot(zeros({3}), 2), shape_error);
  EXPECT_TRUE(mentions(text_of<index_error>([] { vecdot(zeros({2, 3}), zeros({3}), 1); }), {"vecdot", "axis 1"}));
  EXPECT_THROW(vecdot(zeros({2, 3}), zeros({2, 3}), -3), index_error);
}

}  // namespace
}  // namespace tandem::testing
