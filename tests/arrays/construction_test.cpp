#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// Arrays of one's own values, their shapes, and the limits of shapes.
namespace tandem::testing {
namespace {

constexpr std::int64_t huge = std::int64_t{1} << 62;

TEST(Construction, OfNothingIsAnEmptyFloat64Array) {
  const ndarray nothing;
  EXPECT_EQ(nothing.dtype(), float64);
  EXPECT_EQ(nothing.shape(), dims({0}));
  EXPECT_EQ(nothing.size(), 0);
  EXPECT_EQ(nothing.size_bytes(), 0);
  EXPECT_TRUE(nothing.is_contiguous());
  EXPECT_TRUE(nothing.to_vector<double>().empty());
}

TEST(Construction, CopiesListsAndSpans) {
  const ndarray line = array<float>({1, 2, 3});
  EXPECT_EQ(line.dtype(), float32);
  EXPECT_EQ(line.shape(), dims({3}));
  EXPECT_EQ(elements_of<float>(line), (std::vector<float>{1, 2, 3}));

  const ndarray grid = array<int>({{1, 2, 3}, {4, 5, 6}});
  EXPECT_EQ(grid.dtype(), int32);
  EXPECT_EQ(grid.shape(), dims({2, 3}));
  EXPECT_EQ(grid.strides(), dims({3, 1}));
  EXPECT_EQ(elements_of<int>(grid), (std::vector<int>{1, 2, 3, 4, 5, 6}));

  std::vector<std::complex<float>> values = {{1, 2}, {3, 4}, {5, 6}, {7, 8}};
  const ndarray square = array(std::span<const std::complex<float>>(values), {2, 2});
  values[0] = 99;
  EXPECT_EQ(square.at<const std::complex<float>>({0, 0}), std::complex<float>(1, 2)) << "a copy was made";

  EXPECT_EQ(array<bool>({true, false}).dtype(), bool_);
  EXPECT_EQ((array<double>(std::initializer_list<double>{}).shape()), dims({0}));
  const double alone = 5;
  EXPECT_EQ(array(std::span<const double>(&alone, 1), {}).rank(), 0);
}

TEST(Construction, RejectsRowsAndCountsThatDiffer) {
  EXPECT_TRUE(
      mentions(text_of<shape_error>([] { static_cast<void>(array<int>({{1, 2}, {3}})); }), {"array", "2", "1"}));
  const std::vector<int> values(6);
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { static_cast<void>(array(std::span<const int>(values), {2, 2})); }),
                       {"6", "(2, 2)"}));
  EXPECT_THROW(static_cast<void>(array(std::span<const int>(values), {-2, -3})), shape_error);
}

TEST(Construction, RejectsShapesWhoseSizeOverflows) {
  const std::vector<int> none_at_all;
  EXPECT_THROW(static_cast<void>(array(std::span<const int>(none_at_all), {huge, 4})), shape_error);
  EXPECT_TRUE(mentions(text_of<shape_error>([] { zeros({huge, 4}); }), {"zeros", "4611686018427387904"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([] { empty({huge, 2}, int8); }), {"empty"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([] { empty({huge}, int16); }), {"empty", "int16", "bytes"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([] { ones({3, -1}); }), {"ones", "(3, -1)", "negative"}));
  EXPECT_THROW(full({1 << 20, 1 << 20, 1 << 20, 1 << 20}, 1), shape_error);
  EXPECT_THROW(static_cast<void>(empty({huge}, int8)), out_of_memory) << "representable, but there is no such memory";
}

TEST(Construction, OfEmptyArraysAllowsAnyOtherExtents) {
  for (const dims& shape :
       {dims{0}, dims{0, 5}, dims{5, 0}, dims{0, huge, huge}, dims{huge, huge, 0}, dims{huge, 4, 0, 4, huge}}) {
    const ndarray nothing = zeros(shape, int16);
    EXPECT_EQ(nothing.size(), 0) << to_string(shape);
    EXPECT_EQ(nothing.shape(), shape);
    EXPECT_TRUE(nothing.is_contiguous());
    EXPECT_TRUE(nothing.to_vector<std::int16_t>().empty());
    EXPECT_EQ(eval(expr(nothing) + 1).shape(), shape);
    EXPECT_EQ(nothing.transposed().size(), 0);
    EXPECT_EQ(eval(sum(nothing)).item<std::int64_t>(), 0);
  }
  const std::vector<int> none_at_all;
  EXPECT_EQ(array(std::span<const int>(none_at_all), {huge, huge, 0}).size(), 0);
}

TEST(Construction, AllowsThirtyTwoAxesAndNoMore) {
  const ndarray deep = ones(dims::filled(32, 1), int32);
  EXPECT_EQ(deep.rank(), 32);
  EXPECT_EQ(eval(expr(deep) + 1).rank(), 32);
  EXPECT_TRUE(mentions(text_of<shape_error>([] { dims::filled(33, 1); }), {"32", "33"}));
  EXPECT_THROW(static_cast<void>(deep(newaxis)), shape_error);
  EXPECT_THROW(static_cast<void>(dims(std::vector<std::int64_t>(40, 1))), shape_error);
  dims full_list = dims::filled(32, 1);
  EXPECT_THROW(full_list.push_back(1), shape_error);
  EXPECT_EQ(full_list.size(), 32) << "unchanged by what failed";
}

TEST(Dims, AreShortLists) {
  dims list = {1, 2, 3};
  list.insert(1, 9);
  EXPECT_EQ(list, dims({1, 9, 2, 3}));
  list.erase(0);
  EXPECT_EQ(list, dims({9, 2, 3}));
  list.insert(3, 7);
  EXPECT_EQ(list.back(), 7);
  EXPECT_TRUE(list.contains(2));
  EXPECT_FALSE(list.contains(1));
  EXPECT_NE(list, dims({9, 2, 3}));
  EXPECT_NE(dims({1}), dims({1, 1}));
  EXPECT_EQ(to_string(dims()), "()");
  EXPECT_EQ(to_string(dims({3})), "(3,)");
  EXPECT_EQ(to_string(dims({2, -3})), "(2, -3)");
}

TEST(Handles, ShareElementsUntilTheNameIsRebound) {
  ndarray a = array<int>({1, 2, 3});
  const ndarray first = a;
  ndarray b = a;
  b(0) = 10;
  EXPECT_EQ(elements_of<int>(a), (std::vector<int>{10, 2, 3}));
  // Assignment to a name makes it a handle to the other array and writes no element.
  a = array<int>({7, 8});
  EXPECT_EQ(elements_of<int>(first), (std::vector<int>{10, 2, 3}));
  EXPECT_EQ(elements_of<int>(a), (std::vector<int>{7, 8}));
  a = b;
  a(1) = 20;
  EXPECT_EQ(elements_of<int>(first), (std::vector<int>{10, 20, 3}));
  a = expr(b) + 1;
  EXPECT_EQ(elements_of<int>(b), (std::vector<int>{10, 20, 3})) << "an expression gives the name a new array";
  EXPECT_EQ(elements_of<int>(a), (std::vector<int>{11, 21, 4}));
  // A view with a name is a name as well.
  ndarray view = b(slice(0, 2));
  view = array<int>({5, 5});
  EXPECT_EQ(elements_of<int>(b), (std::vector<int>{10, 20, 3}));
  // A view without a name is written to.
  b(slice(0, 2)) = array<int>({5, 6});
  EXPECT_EQ(elements_of<int>(first), (std::vector<int>{5, 6, 3}));
  ndarray moved = std::move(view);
  EXPECT_EQ(elements_of<int>(moved), (std::vector<int>{5, 5}));
}

TEST(Handles, OfExpressionsOfArraysShareThem) {
  const ndarray a = array<int>({1, 2, 3});
  const ndarray same_elements = expr(a);
  EXPECT_EQ(address_of(same_elements), address_of(a));
  const ndarray turned = eval(flip(a));
  EXPECT_EQ(turned.strides(), dims({-1}));
  turned(0) = 30;
  EXPECT_EQ(elements_of<int>(a), (std::vector<int>{1, 2, 30}));
}

TEST(Shapes, ExtentsAndSizes) {
  const ndarray a = zeros({2, 3, 4}, complex128);
  EXPECT_EQ(a.extent(0), 2);
  EXPECT_EQ(a.extent(-1), 4);
  EXPECT_EQ(a.size(), 24);
  EXPECT_EQ(a.size_bytes(), 24 * 16);
  EXPECT_EQ(a.strides(), dims({12, 4, 1}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { static_cast<void>(a.extent(3)); }), {"3", "axes"}));
  EXPECT_THROW(static_cast<void>(a.extent(-4)), index_error);
  EXPECT_THROW(static_cast<void>(zeros({}).extent(0)), index_error);
}

}  // namespace
}  // namespace tandem::testing
