#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/errors.h>
#include <tandem/manipulation.h>

#include "support/exact_array.h"
#include "support/operands.h"

// What sees the same elements otherwise: reshape, permute_dims, moveaxis, matrix_transpose, expand_dims, squeeze, flip,
// broadcast_to, broadcast_arrays, unstack.
namespace tandem::testing {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

// The elements at the given distances from the first one, in another shape.
exact_array picked(const exact_array& x, const dims& shape, const dims& strides, std::int64_t first = 0) {
  exact_array result{x.type, shape, {}};
  for (const std::int64_t distance : distances_of(shape, strides))
    result.at.push_back(x.at[static_cast<std::size_t>(first + distance)]);
  return result;
}

exact_array permuted(const exact_array& x, const std::vector<std::int64_t>& order) {
  const dims own = row_major_strides(x.shape);
  dims shape;
  dims strides;
  for (const std::int64_t axis : order) shape.push_back(x.shape[axis]), strides.push_back(own[axis]);
  return picked(x, shape, strides);
}

// Applied to an array, and to an expression over it that has no memory of its own yet.
void check(const operand& x, const std::function<expr(const expr&)>& apply, const exact_array& wanted,
           bool is_view = true) {
  const expr seen = apply(x.view);
  ASSERT_EQ(seen.shape(), wanted.shape);
  ASSERT_EQ(seen.dtype(), wanted.type);
  const ndarray result = eval(seen);
  ASSERT_TRUE(equals(result, wanted));
  if (is_view) {
    EXPECT_EQ(result.storage(), x.view.storage()) << "is a copy";
  }
  const expr computed = where(true, x.view, x.view);
  ASSERT_TRUE(equals(eval(apply(computed)), wanted)) << "of an expression";
  // And inside of one.
  ASSERT_TRUE(equals(eval(where(true, apply(computed), apply(x.view))), wanted)) << "in an expression";
}

std::string case_name(const operand& x, form f) {
  return std::string(name(x.values.type)) + " " + to_string(x.values.shape) + " " + std::string(name_of(f));
}

const std::vector<dims>& shapes() {
  static const std::vector<dims> list = {
      {},     {1},       {6},       {0},       {3, 4},       {1, 5},          {5, 1},
      {0, 3}, {2, 3, 4}, {2, 1, 4}, {3, 0, 2}, {2, 3, 1, 4}, {1, 2, 1, 2, 3}, {2, 3, 2, 3, 2}};
  return list;
}

// Random operands of all shapes, dtypes and layouts in turn.
void for_each_operand(random_numbers& random, const std::function<void(const operand&)>& use) {
  for (int round = 0; round < 4; ++round) {
    for (const dims& shape : shapes()) {
      for (const form f : all_forms) {
        const operand x = random_operand(random.one_of(all_dtypes), shape, f, numbers::special, random);
        SCOPED_TRACE(case_name(x, f));
        use(x);
        if (::testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

// Extents whose product is `size`, in a random order, sometimes with ones among them.
dims random_shape(std::int64_t size, random_numbers& random) {
  dims shape;
  if (size == 0) {
    shape.push_back(0);
    for (int i = 0; i < 2; ++i) shape.insert(static_cast<int>(random.between(0, shape.size())), random.between(0, 4));
    return shape;
  }
  for (std::int64_t rest = size; rest > 1;) {
    std::int64_t factor = random.between(2, rest);
    while (rest % factor != 0) ++factor;
    shape.push_back(factor);
    rest /= factor;
  }
  while (random.chance(30)) shape.insert(static_cast<int>(random.between(0, shape.size())), 1);
  return shape;
}

TEST(Reshape, KeepsTheElementsInOrder) {
  random_numbers random(401);
  for_each_operand(random, [&](const operand& x) {
    for (int round = 0; round < 3; ++round) {
      const dims shape = random_shape(count_of(x.values.shape), random);
      exact_array wanted = x.values;
      wanted.shape = shape;
      // Where a view will do, and that it then is one, is known for arrays in one piece.
      check(x, [&](const expr& e) { return reshape(e, shape); }, wanted, x.view.is_contiguous());
      if (shape.empty() || x.values.at.empty()) continue;
      dims with_unknown = shape;
      with_unknown[random.between(0, shape.size() - 1)] = -1;
      check(x, [&](const expr& e) { return reshape(e, with_unknown); }, wanted, x.view.is_contiguous());
    }
  });
}

TEST(Reshape, RefusesOtherSizes) {
  const ndarray x = zeros({2, 6});
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { reshape(x, {5}); }), {"reshape", "12", "(5,)"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { reshape(x, {-1, 5}); }), {"reshape", "(-1, 5)"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { reshape(x, {-1, -1}); }), {"reshape", "-1"}));
  EXPECT_THROW(reshape(x, {-2, -6}), shape_error);
  EXPECT_THROW(reshape(x, {}), shape_error);
  EXPECT_THROW(reshape(x, {most, most}), shape_error);
  EXPECT_THROW(reshape(zeros({0, 3}), {0, -1}), shape_error);
  EXPECT_EQ(reshape(zeros({0, 3}), {-1, 3}).shape(), (dims{0, 3}));
  EXPECT_EQ(reshape(zeros({0, 3}), {most, 0, most}).shape(), (dims{most, 0, most}));
  EXPECT_EQ(reshape(5, {1, 1}).shape(), (dims{1, 1}));
}

TEST(PermuteDims, GivesEveryOrder) {
  random_numbers random(402);
  for_each_operand(random, [&](const operand& x) {
    std::vector<std::int64_t> order;
    for (int axis = 0; axis < x.values.shape.size(); ++axis)
      order.insert(order.begin() + random.between(0, axis), axis);
    dims given;
    for (const std::int64_t axis : order) given.push_back(random.chance(50) ? axis : axis - x.values.shape.size());
    check(x, [&](const expr& e) { return permute_dims(e, given); }, permuted(x.values, order));
  });
  const ndarray x = zeros({2, 3});
  EXPECT_TRUE(mentions(text_of<index_error>([&] { permute_dims(x, {0}); }), {"permute_dims", "(2, 3)"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { permute_dims(x, {0, 2}); }), {"permute_dims", "axis 2"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { permute_dims(x, {1, -1}); }), {"permute_dims", "twice"}));
  EXPECT_THROW(permute_dims(x, {0, 1, 2}), index_error);
  EXPECT_THROW(permute_dims(x, {0, least}), index_error);
}

TEST(Moveaxis, MovesSomeAndKeepsTheOrderOfTheOthers) {
  random_numbers random(403);
  for_each_operand(random, [&](const operand& x) {
    const int rank = x.values.shape.size();
    // Some axes in a random order, and as many places.
    std::vector<std::int64_t> from;
    std::vector<std::int64_t> to;
    for (int axis = 0; axis < rank; ++axis) {
      from.insert(from.begin() + random.between(0, axis), axis);
      to.insert(to.begin() + random.between(0, axis), axis);
    }
    const auto moved = static_cast<std::size_t>(random.between(0, rank));
    from.resize(moved);
    to.resize(moved);
    // Take them out, then put them in by ascending place: each then lands where it is to be.
    std::vector<std::int64_t> order;
    for (std::int64_t axis = 0; axis < rank; ++axis) {
      if (std::find(from.begin(), from.end(), axis) == from.end()) order.push_back(axis);
    }
    for (std::int64_t place = 0; place < rank; ++place) {
      const auto at = std::find(to.begin(), to.end(), place);
      if (at != to.end()) order.insert(order.begin() + place, from[static_cast<std::size_t>(at - to.begin())]);
    }
    dims source;
    dims destination;
    for (std::size_t i = 0; i < moved; ++i) {
      source.push_back(random.chance(50) ? from[i] : from[i] - rank);
      destination.push_back(random.chance(50) ? to[i] : to[i] - rank);
    }
    SCOPED_TRACE(to_string(source) + " to " + to_string(destination));
    check(x, [&](const expr& e) { return moveaxis(e, source, destination); }, permuted(x.values, order));
  });
  const ndarray x = zeros({2, 3, 4});
  EXPECT_EQ(moveaxis(x, {0}, {-1}).shape(), (dims{3, 4, 2}));
  EXPECT_EQ(moveaxis(x, {-1}, {0}).shape(), (dims{4, 2, 3}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { moveaxis(x, {0, 1}, {2}); }), {"moveaxis", "2", "1"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { moveaxis(x, {3}, {0}); }), {"moveaxis", "axis 3"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { moveaxis(x, {0, -3}, {0, 1}); }), {"moveaxis", "twice"}));
  EXPECT_THROW(moveaxis(x, {0, 1}, {2, -1}), index_error);
}

TEST(MatrixTranspose, SwapsTheLastTwoAxes) {
  random_numbers random(404);
  for_each_operand(random, [&](const operand& x) {
    const int rank = x.values.shape.size();
    if (rank < 2) {
      EXPECT_TRUE(mentions(text_of<shape_error>([&] { matrix_transpose(x.view); }), {"matrix_transpose", "2 axes"}));
      return;
    }
    std::vector<std::int64_t> order;
    for (int axis = 0; axis < rank; ++axis) order.push_back(axis);
    std::swap(order[order.size() - 1], order[order.size() - 2]);
    check(x, [](const expr& e) { return matrix_transpose(e); }, permuted(x.values, order));
  });
}

TEST(ExpandDims, AndSqueezeAreInverse) {
  random_numbers random(405);
  for_each_operand(random, [&](const operand& x) {
    const int rank = x.values.shape.size();
    const std::int64_t axis = random.between(-rank - 1, rank);
    exact_array wanted = x.values;
    wanted.shape.insert(static_cast<int>(axis < 0 ? axis + rank + 1 : axis), 1);
    check(x, [&](const expr& e) { return expand_dims(e, axis); }, wanted);
    check(x, [&](const expr& e) { return squeeze(expand_dims(e, axis), {axis}); }, x.values);
    EXPECT_THROW(expand_dims(x.view, rank + 1), index_error);
    EXPECT_THROW(expand_dims(x.view, -rank - 2), index_error);

    // All axes of extent 1, in any order and sign.
    dims ones;
    exact_array squeezed = x.values;
    squeezed.shape = {};
    for (std::int64_t i = 0; i < rank; ++i) {
      if (x.values.shape[i] == 1) {
        ones.insert(static_cast<int>(random.between(0, ones.size())), random.chance(50) ? i : i - rank);
      } else {
        squeezed.shape.push_back(x.values.shape[i]);
      }
    }
    check(x, [&](const expr& e) { return squeeze(e, ones); }, squeezed);
  });
  const ndarray x = zeros({2, 1});
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { squeeze(x, {0}); }), {"squeeze", "axis 0", "(2, 1)", "2"}));
  EXPECT_THROW(squeeze(x, {-2, -1}), shape_error);
  EXPECT_TRUE(mentions(text_of<index_error>([&] { squeeze(x, {2}); }), {"squeeze", "axis 2"}));
  EXPECT_THROW(squeeze(x, {1, -1}), index_error);
  EXPECT_TRUE(mentions(text_of<index_error>([&] { expand_dims(x, 3); }), {"expand_dims", "axis 3"}));
}

TEST(Flip, TurnsAxesAround) {
  random_numbers random(406);
  for_each_operand(random, [&](const operand& x) {
    const int rank = x.values.shape.size();
    const bool everything = random.chance(30);
    dims list;
    dims strides = row_major_strides(x.values.shape);
    std::int64_t first = 0;
    for (std::int64_t axis = 0; axis < rank; ++axis) {
      if (!everything && random.chance(50)) continue;
      list.insert(static_cast<int>(random.between(0, list.size())), random.chance(50) ? axis : axis - rank);
      first += strides[axis] * (x.values.shape[axis] - 1);
      strides[axis] = -strides[axis];
    }
    const axes over = everything ? axes() : axes(list);
    check(x, [&](const expr& e) { return flip(e, over); }, picked(x.values, x.values.shape, strides, first));
  });
  EXPECT_TRUE(mentions(text_of<index_error>([] { flip(zeros({2}), 1); }), {"flip", "axis 1"}));
  EXPECT_THROW(flip(zeros({2, 3}), {1, -1}), index_error);
  EXPECT_THROW(flip(zeros({}), 0), index_error);
}

TEST(BroadcastTo, RepeatsWithoutCopying) {
  random_numbers random(407);
  for_each_operand(random, [&](const operand& x) {
    dims shape = x.values.shape;
    dims strides = row_major_strides(shape);
    for (int axis = 0; axis < shape.size(); ++axis) {
      if (shape[axis] == 1 && random.chance(70)) shape[axis] = random.between(0, 4), strides[axis] = 0;
    }
    for (std::int64_t more = random.between(0, 2); more > 0; --more)
      shape.insert(0, random.between(0, 3)), strides.insert(0, 0);
    check(x, [&](const expr& e) { return broadcast_to(e, shape); }, picked(x.values, shape, strides));
    EXPECT_FALSE(eval(broadcast_to(x.view, shape)).is_writable());
  });
  const ndarray x = zeros({2, 3});
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { broadcast_to(x, {2, 4}); }), {"broadcast_to", "(2, 3)", "(2, 4)"}));
  EXPECT_THROW(broadcast_to(x, {3}), shape_error);
  EXPECT_THROW(broadcast_to(x, {1, 3}), shape_error);
  EXPECT_THROW(broadcast_to(x, {0, 2, -3}), shape_error);
  EXPECT_THROW(broadcast_to(x, {most, 2, 3}), shape_error);
  EXPECT_THROW(eval(broadcast_to(x, {4, 2, 3}))(0).assign(1), dtype_error);
  EXPECT_EQ(eval(broadcast_to(ones({1}, int8), {std::int64_t{1} << 62})).strides(), dims{0});
}

TEST(BroadcastArrays, GivesAllTheCommonShape) {
  random_numbers random(408);
  for (int round = 0; round < 40; ++round) {
    const dims common = random.one_of(shapes());
    std::vector<operand> operands;
    std::vector<expr> arrays;
    std::vector<exact_array> wanted;
    for (std::int64_t i = random.between(0, 3); i >= 0; --i) {
      // The first has the whole shape, the others leave out leading axes and have ones.
      dims shape = common;
      if (!operands.empty()) {
        for (std::int64_t& extent : shape) extent = random.chance(40) ? 1 : extent;
        for (std::int64_t fewer = random.between(0, shape.size()); fewer > 0; --fewer) shape.erase(0);
      }
      operands.push_back(
          random_operand(random.one_of(all_dtypes), shape, random.one_of(all_forms), numbers::small, random));
      arrays.emplace_back(operands.back().view);
      const dims own = row_major_strides(shape);
      dims strides = dims::filled(common.size(), 0);
      for (int axis = 0; axis < shape.size(); ++axis)
        strides[common.size() - shape.size() + axis] = shape[axis] == 1 ? 0 : own[axis];
      wanted.push_back(picked(operands.back().values, common, strides));
    }
    const std::vector<expr> results = broadcast_arrays(arrays);
    ASSERT_EQ(results.size(), arrays.size());
    for (std::size_t i = 0; i < results.size(); ++i)
      EXPECT_TRUE(equals(eval(results[i]), wanted[i])) << to_string(common) << " number " << i;
  }
  EXPECT_TRUE(broadcast_arrays({}).empty());
  EXPECT_EQ(broadcast_arrays({zeros({3, 1}), zeros({1, 4}), 5})[2].shape(), (dims{3, 4}));
  EXPECT_TRUE(mentions(text_of<shape_error>([] { broadcast_arrays({zeros({2}), zeros({3})}); }),
                       {"broadcast_arrays", "(2,)", "(3,)"}));
}

TEST(Unstack, GivesTheSubArrays) {
  random_numbers random(409);
  for_each_operand(random, [&](const operand& x) {
    const int rank = x.values.shape.size();
    if (rank == 0) {
      EXPECT_THROW(unstack(x.view), index_error);
      return;
    }
    const std::int64_t axis = random.between(-rank, rank - 1);
    const int along = static_cast<int>(axis < 0 ? axis + rank : axis);
    dims shape = x.values.shape;
    dims strides = row_major_strides(shape);
    const std::int64_t step = strides[along];
    shape.erase(along);
    strides.erase(along);
    for (const expr& from : {expr(x.view), where(true, x.view, x.view)}) {
      const std::vector<expr> parts = unstack(from, axis);
      ASSERT_EQ(static_cast<std::int64_t>(parts.size()), x.values.shape[along]);
      for (std::size_t i = 0; i < parts.size(); ++i) {
        ASSERT_TRUE(equals(eval(parts[i]), picked(x.values, shape, strides, static_cast<std::int64_t>(i) * step)));
      }
    }
    if (x.values.shape[along] > 0) {
      EXPECT_EQ(eval(unstack(x.view, axis)[0]).storage(), x.view.storage());
    }
  });
  EXPECT_TRUE(mentions(text_of<index_error>([] { unstack(zeros({2}), 1); }), {"unstack", "axis 1"}));
}

// A number broadcast to a shape is not in memory before it is seen otherwise.
TEST(Views, OfNumbers) {
  const auto sevens = [](const dims& shape) {
    return exact_array{int64, shape, std::vector<exact>(size_of(shape), 7)};
  };
  const expr seven = 7;
  const expr many = broadcast_to(seven, {2, 3});
  EXPECT_TRUE(equals(eval(many), sevens({2, 3})));
  EXPECT_TRUE(equals(eval(reshape(seven, {1, 1})), sevens({1, 1})));
  EXPECT_TRUE(equals(eval(reshape(many, {6})), sevens({6})));
  EXPECT_TRUE(equals(eval(permute_dims(many, {1, 0})), sevens({3, 2})));
  EXPECT_TRUE(equals(eval(moveaxis(many, {0}, {1})), sevens({3, 2})));
  EXPECT_TRUE(equals(eval(matrix_transpose(many)), sevens({3, 2})));
  EXPECT_TRUE(equals(eval(expand_dims(seven)), sevens({1})));
  EXPECT_TRUE(equals(eval(squeeze(expand_dims(many, 1), {1})), sevens({2, 3})));
  EXPECT_TRUE(equals(eval(flip(many)), sevens({2, 3})));
  EXPECT_TRUE(equals(eval(broadcast_arrays({seven, many})[0]), sevens({2, 3})));
  EXPECT_TRUE(equals(eval(unstack(many, 1)[2]), sevens({2})));
  EXPECT_TRUE(equals(eval(many(1, slice(0, 2))), sevens({2})));
  EXPECT_TRUE(equals(eval(permute_dims(many, {1, 0}) + zeros({3, 2}, int64)), sevens({3, 2})));
}

}  // namespace
}  // namespace tandem::testing
