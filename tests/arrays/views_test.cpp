#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

#include <tandem/tandem.h>

#include "arrays/model.h"
#include "support/elements.h"

// Other ways to see the same elements: permuted, reshaped, broadcast.
namespace tandem::testing {
namespace {

struct seen {
  ndarray view;
  model expected;
};

// A view by some steps of indexing, permuting and broadcasting.
seen random_view(const dims& shape, random_numbers& random, bool may_repeat) {
  seen result{positions(shape), whole(shape)};
  for (std::int64_t steps = random.between(0, 3); steps > 0; --steps) {
    switch (random.between(0, 2)) {
      case 0: {
        const std::vector<index> at = random_index(result.view.shape(), random);
        result = {result.view.view(at), select(result.expected, at)};
        break;
      }
      case 1: {
        dims order;
        while (order.size() < result.view.rank()) {
          const std::int64_t axis = random.between(0, result.view.rank() - 1);
          if (!order.contains(axis)) order.push_back(axis);
        }
        result = {eval(permute_dims(result.view, order)), permuted(result.expected, order)};
        break;
      }
      default: {
        if (!may_repeat || result.view.rank() > 5) break;
        dims larger = result.view.shape();
        for (std::int64_t& extent : larger) {
          if (extent == 1 && random.chance(50)) extent = random.between(0, 4);
        }
        if (random.chance(50)) larger.insert(0, random.between(1, 3));
        result = {eval(broadcast_to(result.view, larger)), spread(result.expected, larger)};
      }
    }
  }
  return result;
}

// The strides by which `shape` meets the positions in order, if there are any.
std::optional<dims> strides_that_meet(const dims& shape, const std::vector<std::int64_t>& in_order) {
  dims strides = dims::filled(shape.size(), 0);
  std::int64_t weight = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    if (shape[i] > 1) strides[i] = in_order[static_cast<std::size_t>(weight)] - in_order[0];
    weight *= shape[i];
  }
  const std::vector<std::int64_t> distances = distances_of(shape, strides);
  for (std::size_t i = 0; i < distances.size(); ++i) {
    if (in_order[0] + distances[i] != in_order[i]) return std::nullopt;
  }
  return strides;
}

// Another shape of that many elements.
dims random_factors(std::int64_t size, random_numbers& random) {
  dims shape;
  while (size > 1 && shape.size() < 6) {
    std::vector<std::int64_t> divisors;
    for (std::int64_t each = 2; each <= size; ++each) {
      if (size % each == 0) divisors.push_back(each);
    }
    const std::int64_t next = random.one_of(divisors);
    shape.push_back(next);
    size /= next;
  }
  if (size > 1) shape.push_back(size);
  while (random.chance(30) && shape.size() < 8) shape.insert(static_cast<int>(random.between(0, shape.size())), 1);
  return shape;
}

TEST(Reshape, IsAViewExactlyWhenStridesAllowIt) {
  random_numbers random(311);
  int views = 0;
  int copies = 0;
  for (int round = 0; round < 4000; ++round) {
    const seen from = random_view(random_shape(4, 6, random), random, true);
    const auto size = static_cast<std::int64_t>(from.expected.positions.size());
    if (size == 0) continue;
    const dims shape = random_factors(size, random);
    const ndarray given = eval(reshape(from.view, shape));
    ASSERT_EQ(given.shape(), shape);
    ASSERT_EQ(elements_of<std::int64_t>(given), from.expected.positions)
        << to_string(from.view.shape()) << " to " << to_string(shape);
    const bool possible = strides_that_meet(shape, from.expected.positions).has_value();
    const bool shares = address_of(given) == address_of(from.view);
    ASSERT_EQ(shares, possible) << to_string(from.view.shape()) << " " << to_string(from.view.strides()) << " to "
                                << to_string(shape);
    (possible ? views : copies) += 1;
  }
  EXPECT_GT(views, 500);
  EXPECT_GT(copies, 300);
}

TEST(Reshape, ComputesOneExtent) {
  const ndarray a = positions({2, 3, 4});
  EXPECT_EQ(reshape(a, {-1}).shape(), dims({24}));
  EXPECT_EQ(reshape(a, {4, -1, 2}).shape(), dims({4, 3, 2}));
  EXPECT_EQ(reshape(a, {24, -1}).shape(), dims({24, 1}));
  EXPECT_EQ(reshape(positions({0, 3}), {-1, 3}).shape(), dims({0, 3}));
  EXPECT_EQ(reshape(positions({}), {1, 1}).shape(), dims({1, 1}));
  EXPECT_EQ(reshape(positions({1}), {}).rank(), 0);
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { reshape(a, {5, -1}); }), {"reshape", "24", "(5, -1)"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { reshape(a, {-1, -1}); }), {"reshape", "-1"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { reshape(a, {2, 3}); }), {"reshape", "24", "(2, 3)"}));
  EXPECT_THROW(reshape(a, {-2, -12}), shape_error);
  EXPECT_THROW(reshape(a, {std::int64_t{1} << 32, std::int64_t{1} << 32}), shape_error);
  EXPECT_THROW(reshape(positions({0}), {0, -1}), shape_error) << "any extent would do";
  EXPECT_THROW(reshape(positions({0}), {1}), shape_error);
}

TEST(Reshape, OfACopyCanBeWrittenToAndOfAViewWritesThrough) {
  const ndarray a = positions({3, 4});
  const ndarray view = eval(reshape(a, {2, 6}));
  view(0, 0) = 100;
  EXPECT_EQ(a.at<const std::int64_t>({0, 0}), 100);
  const ndarray copy = eval(reshape(a.transposed(), {12}));
  copy(0) = 200;
  EXPECT_EQ(a.at<const std::int64_t>({0, 0}), 100);
}

TEST(Permute, ReordersAxes) {
  random_numbers random(312);
  for (int round = 0; round < 500; ++round) {
    const seen from = random_view(random_shape(5, 4, random), random, true);
    dims order(std::vector<std::int64_t>(static_cast<std::size_t>(from.view.rank())));
    std::iota(order.begin(), order.end(), 0);
    for (int i = order.size() - 1; i > 0; --i) std::swap(order[i], order[random.between(0, i)]);
    dims spelled = order;
    for (std::int64_t& axis : spelled) axis -= random.chance(50) ? from.view.rank() : 0;
    const model expected = permuted(from.expected, order);
    const ndarray given = eval(permute_dims(from.view, spelled));
    ASSERT_EQ(given.shape(), expected.shape);
    ASSERT_EQ(elements_of<std::int64_t>(given), expected.positions);
    ASSERT_EQ(address_of(given), address_of(from.view)) << "a view";
  }
  const ndarray a = positions({2, 3, 4});
  EXPECT_EQ(a.transposed().shape(), dims({4, 3, 2}));
  EXPECT_EQ(a.transposed().strides(), dims({1, 4, 12}));
  EXPECT_TRUE(
      mentions(text_of<index_error>([&] { permute_dims(a, {0, 1}); }), {"permute_dims", "2 axes", "(2, 3, 4)"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { permute_dims(a, {0, 1, 1}); }), {"permute_dims", "twice"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { permute_dims(a, {0, 1, 3}); }), {"permute_dims", "3"}));
  EXPECT_THROW(permute_dims(a, {0, 1, 2, 0}), index_error);
  EXPECT_THROW(permute_dims(a, {0, -3, 2}), index_error);
}

TEST(Broadcast, RepeatsWithoutACopyAndIsReadOnly) {
  random_numbers random(313);
  for (int round = 0; round < 500; ++round) {
    const seen from = random_view(random_shape(4, 4, random), random, false);
    dims larger = from.view.shape();
    for (std::int64_t& extent : larger) {
      if (extent == 1) extent = random.between(0, 4);
    }
    for (std::int64_t more = random.between(0, 2); more > 0; --more) larger.insert(0, random.between(0, 3));
    const model expected = spread(from.expected, larger);
    const ndarray given = eval(broadcast_to(from.view, larger));
    ASSERT_EQ(given.shape(), larger);
    ASSERT_EQ(elements_of<std::int64_t>(given), expected.positions);
    ASSERT_EQ(elements_of<std::int64_t>(expr(given) + 0), expected.positions);
    ASSERT_EQ(address_of(given), address_of(from.view));
    ASSERT_FALSE(given.is_writable());
    ASSERT_THROW(given.assign(0), dtype_error);
  }
}

TEST(Broadcast, OfAnEnormousShapeCostsNothing) {
  const ndarray one = positions({1});
  const std::int64_t many = std::int64_t{1} << 40;
  const ndarray wide = eval(broadcast_to(one, {many}));
  EXPECT_EQ(wide.size(), many);
  EXPECT_EQ(wide(many - 1).item<std::int64_t>(), 0);
  EXPECT_EQ(elements_of<std::int64_t>(expr(wide)(slice(none, 3)) + 5), (std::vector<std::int64_t>{5, 5, 5}));
  EXPECT_THROW(broadcast_to(one, {many, many}), shape_error) << "more elements than 64 bits count";
}

TEST(Broadcast, NamesShapesThatDoNotFit) {
  const ndarray a = positions({3, 1});
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { broadcast_to(a, {4, 4}); }), {"broadcast_to", "(3, 1)", "(4, 4)"}));
  EXPECT_THROW(broadcast_to(a, {3}), shape_error) << "an axis cannot go away";
  EXPECT_THROW(broadcast_to(a, {3, -1}), shape_error);
  EXPECT_THROW(broadcast_to(positions({0}), {1}), shape_error);
  EXPECT_THROW(broadcast_to(positions({2}), {2, 1}), shape_error);
  EXPECT_EQ(broadcast_to(positions({1}), {0}).shape(), dims({0}));
}

TEST(Axes, AreAddedAndTakenAway) {
  const ndarray a = positions({1, 3, 1});
  EXPECT_EQ(eval(squeeze(a, {0, -1})).shape(), dims({3}));
  EXPECT_EQ(address_of(eval(squeeze(a, {0}))), address_of(a));
  EXPECT_EQ(expand_dims(a, -1).shape(), dims({1, 3, 1, 1}));
  EXPECT_EQ(expand_dims(positions({}), 0).shape(), dims({1}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { squeeze(a, {1}); }), {"squeeze", "axis 1", "(1, 3, 1)", "3"}));
  EXPECT_THROW(squeeze(a, {0, 0}), index_error);
  EXPECT_THROW(expand_dims(a, 4), index_error);
  EXPECT_THROW(expand_dims(a, -5), index_error);
}

TEST(Contiguity, IsAboutNeighboursInRowMajorOrder) {
  random_numbers random(314);
  for (int round = 0; round < 1000; ++round) {
    const seen from = random_view(random_shape(4, 4, random), random, true);
    bool expected = true;
    for (std::size_t i = 0; i < from.expected.positions.size(); ++i) {
      expected = expected && from.expected.positions[i] == from.expected.positions[0] + static_cast<std::int64_t>(i);
    }
    ASSERT_EQ(from.view.is_contiguous(), expected)
        << to_string(from.view.shape()) << " " << to_string(from.view.strides());
    if (expected) {
      const auto elements = from.view.span<const std::int64_t>();
      ASSERT_EQ(std::vector<std::int64_t>(elements.begin(), elements.end()), from.expected.positions);
    } else {
      ASSERT_THROW(static_cast<void>(from.view.span<const std::int64_t>()), shape_error);
    }
  }
}

}  // namespace
}  // namespace tandem::testing
