#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// Work of several stages: reductions inside element-wise work inside reductions, joins of everything, views of results.
namespace tandem::testing {
namespace {

using whole_numbers = std::vector<std::int64_t>;
using doubles = std::vector<double>;

TEST(SharedWork, GivesTheSameWhereverItIsUsed) {
  const ndarray a = positions({4, 5});
  const expr shared = expr(a) * 2;
  EXPECT_EQ(elements_of<std::int64_t>(shared + shared), elements_of<std::int64_t>(expr(a) * 4));
  EXPECT_EQ(elements_of<std::int64_t>(shared - shared), whole_numbers(20, 0));
  const expr square_of = shared * shared;
  EXPECT_EQ(elements_of<std::int64_t>(square_of + shared - square_of), elements_of<std::int64_t>(expr(a) * 2));
  // Used element by element, reduced, joined and seen in another order in one expression.
  const expr all_uses = concat({shared, flip(shared), shared + sum(shared, {.axis = 0}), shared});
  const ndarray given = eval(all_uses);
  for (std::int64_t j = 0; j < 5; ++j) {
    std::int64_t total = 0;
    for (std::int64_t i = 0; i < 4; ++i) total += 2 * (i * 5 + j);
    for (std::int64_t i = 0; i < 4; ++i) {
      const std::int64_t twice = 2 * (i * 5 + j);
      EXPECT_EQ(given.at<const std::int64_t>({i, j}), twice);
      EXPECT_EQ(given.at<const std::int64_t>({4 + i, j}), 2 * 19 - twice);
      EXPECT_EQ(given.at<const std::int64_t>({8 + i, j}), twice + total);
      EXPECT_EQ(given.at<const std::int64_t>({12 + i, j}), twice);
    }
  }
}

TEST(SharedWork, OfJoinsIsWrittenOnce) {
  const ndarray a = positions({3});
  const expr joined = concat({expr(a), expr(a) + 10});
  const expr outer = concat({joined, joined, joined(slice(none, none, -1)), expr(joined) * 2});
  EXPECT_EQ(elements_of<std::int64_t>(outer),
            (whole_numbers{0, 1, 2, 10, 11, 12, 0, 1, 2, 10, 11, 12, 12, 11, 10, 2, 1, 0,  //
                           0, 2, 4, 20, 22, 24}));
  const expr part = expr(a) + 1;
  const expr with_sum = concat({part + sum(part), part, sum(part, {.keepdims = true})});
  EXPECT_EQ(elements_of<std::int64_t>(with_sum), (whole_numbers{7, 8, 9, 1, 2, 3, 6}));
}

TEST(Reductions, InsideWorkInsideReductions) {
  random_numbers random(391);
  const std::int64_t rows = 37;
  const std::int64_t columns = 53;
  const ndarray a = random_array(float64, {rows, columns}, random);
  const ndarray b = random_array(float64, {columns}, random);
  // Elements are multiples of 1/8: every sum and product below is exact in double.
  const std::vector<double> x = elements_of<double>(a);
  const std::vector<double> y = elements_of<double>(b);
  const auto at = [&](std::int64_t i, std::int64_t j) { return x[static_cast<std::size_t>(i * columns + j)]; };
  double expected = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    double largest = -INFINITY;
    for (std::int64_t j = 0; j < columns; ++j) largest = std::max(largest, at(i, j));
    double row = 0;
    for (std::int64_t j = 0; j < columns; ++j) {
      double column = 0;
      for (std::int64_t k = 0; k < rows; ++k) column += at(k, j);
      row += (at(i, j) - largest) * y[static_cast<std::size_t>(j)] + column;
    }
    expected += row > 0 ? row : -row;
  }
  const expr rest = (expr(a) - max(a, {.axis = 1, .keepdims = true})) * b + sum(a, {.axis = 0});
  EXPECT_EQ(eval(sum(abs(sum(rest, {.axis = 1})))).item<double>(), expected);
  EXPECT_EQ(eval(sum(abs(sum(rest, {.axis = {-1}, .keepdims = true})))).item<double>(), expected);
}

TEST(Reductions, OfTheStandardFormulas) {
  random_numbers random(392);
  const ndarray a = random_array(float64, {61, 17}, random);
  const ndarray normal = (expr(a) - mean(a, {.axis = 0})) / std(a, {.axis = 0});
  for (std::int64_t j = 0; j < 17; ++j) {
    long double mean_of = 0;
    long double square_of = 0;
    for (std::int64_t i = 0; i < 61; ++i) mean_of += a.at<const double>({i, j}) / 61.0L;
    for (std::int64_t i = 0; i < 61; ++i) square_of += std::pow(a.at<const double>({i, j}) - mean_of, 2) / 61.0L;
    for (std::int64_t i = 0; i < 61; ++i) {
      const auto expected = static_cast<double>((a.at<const double>({i, j}) - mean_of) / std::sqrt(square_of));
      EXPECT_NEAR(normal.at<const double>({i, j}), expected, 1e-13);
    }
  }
  const expr softmax = exp(expr(a) - max(a)) / sum(exp(expr(a) - max(a)));
  EXPECT_NEAR(eval(sum(softmax)).item<double>(), 1.0, 1e-14);
}

TEST(Joins, OfEverything) {
  const ndarray a = positions({2, 3});
  const ndarray f = array<float>({{0.5F, 1.5F, 2.5F}});
  const expr everything = concat({
      a,
      a(slice(none, none, -1)),
      expr(a) + 100,
      astype(f, int64),
      sum(a, {.axis = 0, .keepdims = true}),
      cumulative_sum(a, {.axis = 0}),
      matmul(a(all, slice(0, 2)), a),
      broadcast_to(a(0), {2, 3}),
      reshape(a.transposed(), {2, 3}),
      repeat(a(slice(0, 1)), 2, 0),
      expand_dims(argmax(a, {.axis = 0}), 0),
      zeros({0, 3}, int64),
      where(expr(a) > 2, a, -1),
  });
  EXPECT_EQ(elements_of<std::int64_t>(everything), (whole_numbers{0,   1,   2,   3,   4,   5,    //
                                                                  3,   4,   5,   0,   1,   2,    //
                                                                  100, 101, 102, 103, 104, 105,  //
                                                                  0,   1,   2,                   //
                                                                  3,   5,   7,                   //
                                                                  0,   1,   2,   3,   5,   7,    //
                                                                  3,   4,   5,   12,  19,  26,   //
                                                                  0,   1,   2,   0,   1,   2,    //
                                                                  0,   3,   1,   4,   2,   5,    //
                                                                  0,   1,   2,   0,   1,   2,    //
                                                                  1,   1,   1,                   //
                                                                  -1,  -1,  -1,  3,   4,   5}));
  EXPECT_EQ(concat({expr(a), f}).dtype(), float64);
  EXPECT_EQ(elements_of<double>(concat({expr(a(0)), f(0), expr(ones({2}, bool_))})),
            (doubles{0, 1, 2, 0.5, 1.5, 2.5, 1, 1}));
}

TEST(Joins, OfVeryManyParts) {
  std::vector<expr> parts;
  std::vector<expr> rows;
  for (std::int64_t i = 0; i < 5000; ++i) parts.push_back(i % 2 == 0 ? expr(full({1}, i)) : full({1}, i) + 0);
  const ndarray given = eval(concat(parts));
  for (std::int64_t i = 0; i < 5000; ++i) ASSERT_EQ(given.at<const std::int64_t>({i}), i);
  for (const expr& part : parts) rows.push_back(part(0));
  EXPECT_TRUE(same(eval(stack(rows)), given));
}

TEST(Sources, MayBeVeryMany) {
  // Arrays of their own, parts of one array, broadcast ones, of several dtypes.
  expr work = zeros({3, 4}, int64);
  const ndarray block = positions({100, 3, 4});
  whole_numbers expected(12, 0);
  for (std::int64_t i = 0; i < 100; ++i) {
    work = work + block[i] + full({4}, i, int16) + full({3, 1}, 1, uint8)(all, slice(0, 1));
    for (std::int64_t k = 0; k < 12; ++k) expected[static_cast<std::size_t>(k)] += i * 12 + k + i + 1;
  }
  EXPECT_EQ(elements_of<std::int64_t>(work), expected);
  EXPECT_EQ(eval(sum(work)).item<std::int64_t>(), [&] {
    std::int64_t total = 0;
    for (const std::int64_t each : expected) total += each;
    return total;
  }());
}

TEST(Views, OfComputedResults) {
  const ndarray a = positions({3, 4});
  const expr work = expr(a) * 10;
  EXPECT_EQ(elements_of<std::int64_t>(work(1)), (whole_numbers{40, 50, 60, 70}));
  EXPECT_EQ(elements_of<std::int64_t>(work(slice(none, none, -2), slice(1, 3))), (whole_numbers{90, 100, 10, 20}));
  EXPECT_EQ(elements_of<std::int64_t>(permute_dims(work, {1, 0})(0)), (whole_numbers{0, 40, 80}));
  EXPECT_EQ(elements_of<std::int64_t>(reshape(permute_dims(work, {1, 0}), {6, 2})(5)), (whole_numbers{70, 110}));
  EXPECT_EQ(elements_of<std::int64_t>(squeeze(work(slice(0, 1)), {0}) + work(1)), (whole_numbers{40, 60, 80, 100}));
  EXPECT_EQ(eval(work(2, 3)).item<std::int64_t>(), 110);
  EXPECT_EQ(elements_of<std::int64_t>(work(newaxis, all, 0)), (whole_numbers{0, 40, 80}));
  EXPECT_EQ(elements_of<std::int64_t>(sum(work(all, slice(0, 2)), {.axis = 1})), (whole_numbers{10, 90, 170}));
  const std::vector<expr> rows = unstack(work);
  EXPECT_EQ(elements_of<std::int64_t>(rows[2] - rows[0]), (whole_numbers{80, 80, 80, 80}));
}

TEST(Broadcasting, OfComputedResults) {
  const ndarray a = positions({3});
  const expr column = (expr(a) + 1)(all, newaxis);
  const expr row = (expr(a) * 10)(newaxis);
  EXPECT_EQ(elements_of<std::int64_t>(column + row), (whole_numbers{1, 11, 21, 2, 12, 22, 3, 13, 23}));
  EXPECT_EQ(elements_of<std::int64_t>(broadcast_to(expr(a) + 1, {2, 3})), (whole_numbers{1, 2, 3, 1, 2, 3}));
  EXPECT_FALSE(eval(broadcast_to(expr(a) + 1, {2, 3})).is_writable());
  EXPECT_EQ(elements_of<std::int64_t>(broadcast_to(sum(a), {2, 2}) + 1), (whole_numbers{4, 4, 4, 4}));
  EXPECT_EQ(elements_of<std::int64_t>(sum(broadcast_to(expr(a) + 1, {5, 3}), {.axis = 0})), (whole_numbers{5, 10, 15}));
  EXPECT_EQ(elements_of<std::int64_t>(cumulative_sum(broadcast_to(expr(a) + 1, {3, 3}), {.axis = 0})(2)),
            (whole_numbers{3, 6, 9}));
  EXPECT_EQ(elements_of<std::int64_t>(matmul(broadcast_to(expr(a) + 1, {2, 3}), expr(a) + 1)), (whole_numbers{14, 14}));
  const std::vector<expr> both = broadcast_arrays({column, row});
  EXPECT_EQ(elements_of<std::int64_t>(both[0] - both[1]), (whole_numbers{1, -9, -19, 2, -8, -18, 3, -7, -17}));
}

TEST(Empties, Everywhere) {
  for (const dims& shape : {dims{0}, dims{0, 3}, dims{3, 0}, dims{2, 0, 4}}) {
    const ndarray a = zeros(shape, int32);
    const expr work = expr(a) * 2 + a;
    EXPECT_EQ(eval(work).shape(), shape);
    EXPECT_EQ(eval(sum(work)).item<std::int64_t>(), 0);
    EXPECT_EQ(eval(prod(work + 1)).item<std::int64_t>(), 1);
    EXPECT_TRUE(eval(all(work)).item<bool>());
    EXPECT_FALSE(eval(any(work)).item<bool>());
    EXPECT_TRUE(std::isnan(eval(mean(work)).item<double>()));
    EXPECT_EQ(eval(work.view({ellipsis, newaxis}) + zeros({1, 5})).shape().back(), 5);
    EXPECT_EQ(eval(concat({work, work}, -1)).size(), 0);
    EXPECT_EQ(eval(stack({work, work})).size(), 0);
    EXPECT_EQ(eval(flip(work)).shape(), shape);
    EXPECT_EQ(eval(roll(work, {3})).shape(), shape);
    EXPECT_EQ(eval(repeat(work, 3, 0)).size(), 0);
    EXPECT_EQ(eval(tile(work, {2, 2})).size(), 0);
    EXPECT_EQ(eval(cumulative_sum(work, {.axis = -1})).shape(), shape);
    EXPECT_EQ(eval(reshape(work, {0, 7})).shape(), dims({0, 7}));
    EXPECT_EQ(eval(where(work > 0, work, 1.5)).shape(), shape);
    a.assign(work);
    a += work;
  }
  EXPECT_EQ(elements_of<std::int64_t>(sum(zeros({3, 0}, int64), {.axis = 1})), (whole_numbers{0, 0, 0}));
  EXPECT_EQ(elements_of<std::int64_t>(sum(expr(zeros({3, 0}, int64)) + 1, {.axis = 1}) + 5), (whole_numbers{5, 5, 5}));
  EXPECT_EQ(elements_of<double>(matmul(zeros({2, 0}), zeros({0, 2})) + 1), (doubles{1, 1, 1, 1}));
  EXPECT_EQ(elements_of<std::int64_t>(cumulative_sum(
                zeros({0}, int64), {.axis = std::nullopt, .dtype = std::nullopt, .include_initial = true})),
            (whole_numbers{0}));
  // An empty part of something computed, and something computed of an empty part.
  const expr work = expr(positions({4})) + 1;
  EXPECT_EQ(eval(work(slice(2, 2))).size(), 0);
  EXPECT_EQ(eval(sum(work(slice(2, 2))) + work).size(), 4);
  EXPECT_EQ(elements_of<std::int64_t>(concat({work(slice(3, 1)), work(slice(0, 1))})), (whole_numbers{1}));
}

TEST(ZeroDimensional, ArraysAreArrays) {
  const ndarray a = array(std::span<const std::int64_t>(whole_numbers{7}), {});
  EXPECT_EQ(eval(expr(a) + a).rank(), 0);
  EXPECT_EQ(eval(expr(a) + a).item<int>(), 14);
  EXPECT_EQ(eval(sum(a)).item<int>(), 7);
  EXPECT_EQ(eval(max(expr(a) * 2, {.axis = {dims{}}, .keepdims = true})).item<int>(), 14);
  EXPECT_EQ(eval(argmax(a)).item<int>(), 0);
  EXPECT_EQ(eval(mean(a)).item<double>(), 7);
  EXPECT_EQ(eval(var(a)).item<double>(), 0);
  EXPECT_EQ(elements_of<std::int64_t>(stack({expr(a), a, expr(a) + 1})), (whole_numbers{7, 7, 8}));
  EXPECT_EQ(eval(flip(a)).item<int>(), 7);
  EXPECT_EQ(eval(roll(a, {5})).item<int>(), 7);
  EXPECT_EQ(elements_of<std::int64_t>(repeat(a, 3)), (whole_numbers{7, 7, 7}));
  EXPECT_EQ(elements_of<std::int64_t>(tile(a, {2})), (whole_numbers{7, 7}));
  EXPECT_EQ(elements_of<std::int64_t>(concat({expr(a), a}, std::nullopt)), (whole_numbers{7, 7}));
  EXPECT_EQ(eval(a(newaxis, newaxis)).shape(), dims({1, 1}));
  EXPECT_EQ(eval(reshape(a, {1, 1, 1})).shape(), dims({1, 1, 1}));
  EXPECT_EQ(eval(broadcast_to(a, {2, 0})).size(), 0);
  a(ellipsis) = 9;
  a += 1;
  EXPECT_EQ(a.item<int>(), 10);
}

TEST(Numbers, AloneAreEvaluated) {
  EXPECT_EQ(eval(3).item<int>(), 3);
  EXPECT_EQ(eval(3).dtype(), int64);
  EXPECT_EQ(eval(2.5).dtype(), float64);
  EXPECT_EQ(eval(true).dtype(), bool_);
  EXPECT_EQ(eval(std::complex<float>(1, 2)).dtype(), complex128);
  EXPECT_EQ(eval(UINT64_MAX).dtype(), uint64);
  EXPECT_EQ(eval(expr(3) + 4).item<int>(), 7);
  EXPECT_EQ(eval(expr(3) / 2).item<double>(), 1.5);
  EXPECT_EQ(eval(sqrt(4)).item<double>(), 2);
  EXPECT_EQ(eval(sum(5)).item<int>(), 5);
  EXPECT_EQ(elements_of<std::int64_t>(broadcast_to(expr(4), {2, 2})), (whole_numbers{4, 4, 4, 4}));
  EXPECT_EQ(elements_of<std::int64_t>(broadcast_to(expr(4) + 1, {2}) * 2), (whole_numbers{10, 10}));
  EXPECT_EQ(elements_of<std::int64_t>(where(array<bool>({true, false}), 1, 2)), (whole_numbers{1, 2}));
  EXPECT_EQ(elements_of<std::int64_t>(where(true, array<std::int64_t>({1, 2}), 5)), (whole_numbers{1, 2}));
  EXPECT_EQ(elements_of<float>(where(array<bool>({true, false}), 1.5, zeros({2}, float32))),
            (std::vector<float>{1.5F, 0}));
  EXPECT_EQ(elements_of<std::int64_t>(stack({expr(1), expr(2), expr(array<std::int64_t>({3}))(0)})),
            (whole_numbers{1, 2, 3}));
  // The bits of numbers are kept apart: 0.0 is not -0.0, and 1 is not True.
  const ndarray zero = zeros({1});
  EXPECT_EQ(elements_of<bool>(signbit(concat({copysign(1.0, zero * 0.0), copysign(expr(ones({1})), -0.0)}))),
            (std::vector<bool>{false, true}));
  const expr both_zeros = copysign(expr(ones({1})), 0.0) + copysign(expr(ones({1})), -0.0);
  EXPECT_EQ(eval(both_zeros).item<double>(), 0);
  EXPECT_EQ(eval(expr(ones({1}, complex128)) * std::complex<double>(0, 1) + 1.0).item<std::complex<double>>(),
            std::complex<double>(1, 1));
  EXPECT_TRUE(std::isnan(eval(expr(zero) + std::numeric_limits<double>::quiet_NaN()).item<double>()));
}

}  // namespace
}  // namespace tandem::testing
