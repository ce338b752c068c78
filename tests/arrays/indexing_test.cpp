#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include <tandem/tandem.h>

#include "arrays/model.h"
#include "support/elements.h"

// Basic indexing, against lists of positions.
namespace tandem::testing {
namespace {

std::vector<std::int64_t> line(std::int64_t extent, const slice& range) {
  return elements_of<std::int64_t>(positions({extent})(range));
}

TEST(Slices, AgreeWithPythonOnEverySmallCase) {
  std::vector<slice::bound> bounds = {std::nullopt, INT64_MIN, INT64_MAX};
  for (std::int64_t i = -7; i <= 7; ++i) bounds.emplace_back(i);
  std::vector<slice::bound> steps = {std::nullopt, INT64_MIN, INT64_MAX, INT64_MIN + 1};
  for (std::int64_t i = -6; i <= 6; ++i) {
    if (i != 0) steps.emplace_back(i);
  }
  for (std::int64_t extent = 0; extent <= 5; ++extent) {
    for (const slice::bound start : bounds) {
      for (const slice::bound stop : bounds) {
        for (const slice::bound step : steps) {
          const slice range(start, stop, step);
          const auto text = [](slice::bound value) { return value ? std::to_string(*value) : "none"; };
          ASSERT_EQ(line(extent, range), walk_slice(range, extent))
              << extent << ": " << text(start) << ", " << text(stop) << ", " << text(step);
        }
      }
    }
  }
}

TEST(Slices, OfKnownCases) {
  using list = std::vector<std::int64_t>;
  EXPECT_EQ(line(5, slice(1, none)), (list{1, 2, 3, 4}));
  EXPECT_EQ(line(5, slice(none, -1)), (list{0, 1, 2, 3}));
  EXPECT_EQ(line(5, slice(none, none, -1)), (list{4, 3, 2, 1, 0}));
  EXPECT_EQ(line(5, slice(none, none, -2)), (list{4, 2, 0}));
  EXPECT_EQ(line(5, slice(-2, none)), (list{3, 4}));
  EXPECT_EQ(line(5, slice(3, 1)), (list{}));
  EXPECT_EQ(line(5, slice(3, 1, -1)), (list{3, 2}));
  EXPECT_EQ(line(5, slice(-99, 99, 2)), (list{0, 2, 4}));
  EXPECT_EQ(line(5, slice()), (list{0, 1, 2, 3, 4}));
  EXPECT_TRUE(mentions(text_of<argument_error>([] { line(5, slice(0, 1, 0)); }), {"index", "step", "0"}));
}

TEST(Indexing, AgreesWithListsOfPositions) {
  random_numbers random(302);
  for (int round = 0; round < 4000; ++round) {
    dims shape = random_shape(5, 6, random);
    ndarray view = positions(shape);
    model expected = whole(shape);
    std::string trail = to_string(shape);
    // Views of views, so that strides and offsets add up.
    for (int depth = 0; depth < 3; ++depth) {
      const std::vector<index> at = random_index(view.shape(), random);
      const bool by_expr = random.chance(30);
      view = by_expr ? eval(expr(view).view(at)) : view.view(at);
      expected = select(expected, at);
      trail += " -> " + to_string(expected.shape);
      ASSERT_EQ(view.shape(), expected.shape) << trail;
      ASSERT_EQ(elements_of<std::int64_t>(view), expected.positions) << trail;
      if (random.chance(30)) {
        dims order;
        while (order.size() < view.rank()) {
          const std::int64_t axis = random.between(0, view.rank() - 1);
          if (!order.contains(axis)) order.push_back(axis);
        }
        view = eval(permute_dims(view, order));
        expected = permuted(expected, order);
      }
    }
    ASSERT_EQ(view.to_vector<std::int64_t>(), expected.positions) << trail;
    // Through kernels, not only through strides.
    ASSERT_EQ(elements_of<std::int64_t>(expr(view) * 1), expected.positions) << trail;
  }
}

TEST(Indexing, OfWorkAgreesWithListsOfPositions) {
  random_numbers random(303);
  for (int round = 0; round < 1000; ++round) {
    const dims shape = random_shape(4, 5, random);
    const expr work = expr(positions(shape)) * 2 + 1;
    const std::vector<index> at = random_index(shape, random);
    const model expected = select(whole(shape), at);
    const expr part = work.view(at);
    ASSERT_EQ(part.shape(), expected.shape);
    const std::vector<std::int64_t> given = elements_of<std::int64_t>(part);
    ASSERT_EQ(given.size(), expected.positions.size());
    for (std::size_t i = 0; i < given.size(); ++i) ASSERT_EQ(given[i], expected.positions[i] * 2 + 1);
  }
}

TEST(Indexing, WritesJustTheElementsItNames) {
  random_numbers random(304);
  for (int round = 0; round < 1000; ++round) {
    const dims shape = random_shape(4, 5, random);
    const ndarray a = positions(shape);
    const std::vector<index> at = random_index(shape, random);
    a.view(at) = -1;
    std::vector<std::int64_t> expected = whole(shape).positions;
    for (const std::int64_t position : select(whole(shape), at).positions)
      expected[static_cast<std::size_t>(position)] = -1;
    ASSERT_EQ(elements_of<std::int64_t>(a), expected);
  }
}

TEST(Indexing, MixesEntriesOfAllKinds) {
  const ndarray a = positions({2, 3, 4});
  EXPECT_EQ(a(ellipsis, 0).shape(), dims({2, 3}));
  EXPECT_EQ(a(0, ellipsis, newaxis).shape(), dims({3, 4, 1}));
  EXPECT_EQ(a(newaxis, all, newaxis, slice(0, 2), newaxis).shape(), dims({1, 2, 1, 2, 1, 4}));
  EXPECT_EQ(a(ellipsis).shape(), a.shape());
  EXPECT_EQ(a().shape(), a.shape());
  EXPECT_EQ(a(1, 2, 3).rank(), 0);
  EXPECT_EQ(a(1, 2, 3).item<std::int64_t>(), 23);
  EXPECT_EQ(a(-1, -3, -4).item<std::int64_t>(), 12);
  EXPECT_EQ(a(0, ellipsis, 1, 2).item<std::int64_t>(), 6);
  EXPECT_EQ(a[1].shape(), dims({3, 4}));
  EXPECT_EQ(a[-1][0].at<const std::int64_t>({2}), 14);
  EXPECT_EQ(a(std::uint8_t{1}, 2L, short{3}).item<std::int64_t>(), 23) << "any integer type is an index";
  const ndarray number = positions({});
  EXPECT_EQ(number(newaxis, ellipsis, newaxis).shape(), dims({1, 1}));
  EXPECT_EQ(number(ellipsis).rank(), 0);
}

TEST(Indexing, NamesWhatIsOutOfRange) {
  const ndarray a = positions({2, 3});
  EXPECT_TRUE(mentions(text_of<index_error>([&] { a(2); }), {"index", "2", "axis 0", "extent 2", "(2, 3)"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { a(all, -4); }), {"index", "-4", "axis 1", "extent 3"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { a(0, 0, 0); }), {"3 indices", "(2, 3)"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { a(ellipsis, 0, ellipsis); }), {"ellipsis"}));
  EXPECT_THROW(a(all, all, all), index_error);
  EXPECT_THROW(a(INT64_MIN), index_error);
  EXPECT_THROW(a(INT64_MAX), index_error);
  EXPECT_THROW(a[2], index_error);
  EXPECT_THROW(positions({})(0), index_error);
  EXPECT_THROW(positions({0})(0), index_error);
  EXPECT_THROW(positions({0})(-1), index_error);
  EXPECT_THROW((expr(a) + 1)(5), index_error) << "where the expression is built";
  EXPECT_THROW((expr(a) + 1)(slice(none, none, 0)), argument_error);
}

}  // namespace
}  // namespace tandem::testing
