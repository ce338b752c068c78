#include <gtest/gtest.h>

#include <complex>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/errors.h>
#include <tandem/manipulation.h>

#include "support/exact_array.h"
#include "support/operands.h"

// zeros, ones, full, empty and their _like forms; eye, tril, triu; meshgrid.
namespace tandem::testing {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

exact_array constant(dtype type, const dims& shape, exact value) {
  return {type, shape, std::vector<exact>(size_of(shape), value)};
}

TEST(Filled, HaveOneValueEverywhere) {
  for (const dtype type : all_dtypes) {
    for (const dims& shape :
         {dims{}, dims{1}, dims{1000}, dims{0}, dims{3, 0, 2}, dims{2, 3, 4}, dims::filled(32, 1)}) {
      SCOPED_TRACE(std::string(name(type)) + " " + to_string(shape));
      EXPECT_TRUE(equals(zeros(shape, type), constant(type, shape, 0)));
      EXPECT_TRUE(equals(ones(shape, type), constant(type, shape, 1)));
      EXPECT_TRUE(equals(full(shape, type == bool_ ? scalar(true) : scalar(1), type), constant(type, shape, 1)));
      const ndarray any = empty(shape, type);
      EXPECT_EQ(any.shape(), shape);
      EXPECT_EQ(any.dtype(), type);
      EXPECT_TRUE(any.is_contiguous());
      EXPECT_TRUE(any.is_writable());
    }
  }
  EXPECT_EQ(zeros({2}).dtype(), float64);
  EXPECT_EQ(ones({2}).dtype(), float64);
  EXPECT_EQ(empty({2}).dtype(), float64);
}

TEST(Filled, TakeTheDtypeOfTheValue) {
  EXPECT_TRUE(equals(full({2}, true), constant(bool_, {2}, 1)));
  EXPECT_TRUE(equals(full({2}, -7), constant(int64, {2}, -7)));
  EXPECT_TRUE(equals(full({2}, std::uint8_t{7}), constant(int64, {2}, 7)));
  EXPECT_TRUE(equals(full({2}, std::numeric_limits<std::uint64_t>::max()), constant(uint64, {2}, 0x1p64L - 1)));
  EXPECT_TRUE(equals(full({2}, -0.0), constant(float64, {2}, -0.0L)));
  EXPECT_TRUE(equals(full({2}, 0.1F), constant(float64, {2}, static_cast<real_number>(0.1F))));
  EXPECT_TRUE(equals(full({2}, std::complex<float>(1, -2)), constant(complex128, {2}, exact(1, -2))));
  EXPECT_TRUE(equals(full({2}, 0.1, float32), constant(float32, {2}, static_cast<real_number>(0.1F))));
  EXPECT_TRUE(equals(full({2}, most, int64), constant(int64, {2}, static_cast<real_number>(most))));
}

TEST(Filled, RefuseValuesThatDoNotFit) {
  EXPECT_TRUE(mentions(text_of<dtype_error>([] { full({2}, 300, uint8); }), {"full", "300", "uint8"}));
  EXPECT_THROW(full({2}, -1, uint64), dtype_error);
  EXPECT_THROW(full({2}, 128, int8), dtype_error);
  EXPECT_THROW(full({2}, std::numeric_limits<std::uint64_t>::max(), int64), dtype_error);
  EXPECT_TRUE(mentions(text_of<dtype_error>([] { full({2}, 2.5, int32); }), {"full", "2.5", "int32"}));
  EXPECT_THROW(full({2}, std::complex<double>(1, 0), float64), dtype_error);
  EXPECT_THROW(full({2}, 2, bool_), dtype_error);
  EXPECT_TRUE(mentions(text_of<dtype_error>([] { full_like(zeros({2}, int8), 1000); }), {"full_like", "1000", "int8"}));
}

TEST(Filled, LikeAnotherTakeItsShapeAndDtype) {
  for (const dtype type : all_dtypes) {
    const ndarray x = ones({3, 2}, type).transposed();
    EXPECT_TRUE(equals(zeros_like(x), constant(type, {2, 3}, 0))) << name(type);
    EXPECT_TRUE(equals(ones_like(x), constant(type, {2, 3}, 1))) << name(type);
    EXPECT_TRUE(equals(full_like(x, true), constant(type, {2, 3}, 1))) << name(type);
    EXPECT_EQ(empty_like(x).dtype(), type);
    EXPECT_EQ(empty_like(x).shape(), (dims{2, 3}));
    EXPECT_TRUE(equals(zeros_like(x, int16), constant(int16, {2, 3}, 0))) << name(type);
    EXPECT_TRUE(equals(ones_like(x, complex64), constant(complex64, {2, 3}, 1))) << name(type);
    EXPECT_TRUE(equals(full_like(x, 7, float32), constant(float32, {2, 3}, 7))) << name(type);
    EXPECT_EQ(empty_like(x, uint8).dtype(), uint8);
  }
  EXPECT_TRUE(equals(ones_like(3), constant(int64, {}, 1)));
}

TEST(Filled, LikeAnExpressionDoNotEvaluateIt) {
  const ndarray x = ones({2, 2});
  const expr sum = x + 1;
  x(0, 0) = 5;
  EXPECT_THROW(eval(sum), stale_expression);
  EXPECT_TRUE(equals(zeros_like(sum), constant(float64, {2, 2}, 0)));
  EXPECT_TRUE(equals(full_like(sum, 3), constant(float64, {2, 2}, 3)));
}

TEST(Shapes, ThatCannotBeAreRefused) {
  const std::int64_t huge = std::int64_t{1} << 40;
  EXPECT_TRUE(mentions(text_of<shape_error>([] { zeros({2, -1}); }), {"zeros", "(2, -1)"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([=] { ones({huge, huge}); }), {"ones", "(1099511627776, 1099511627776)"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([] { empty({most}, int16); }), {"empty", "bytes"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([] { full({0, -1}, 1); }), {"full", "(0, -1)"}));
  EXPECT_THROW(zeros({least}), shape_error);
  EXPECT_THROW(eye(-1), shape_error);
  EXPECT_THROW(eye(2, -1), shape_error);
  EXPECT_THROW(eye(huge, huge), shape_error);
  EXPECT_THROW(zeros(dims::filled(33, 1)), shape_error);
  EXPECT_TRUE(mentions(text_of<out_of_memory>([] { zeros({std::int64_t{1} << 58}, uint8); }), {"bytes"}));
  EXPECT_THROW(empty({std::int64_t{1} << 59}), out_of_memory);
  // Where there is no element, no product of extents is too large.
  for (const dims& shape : {dims{huge, huge, 0}, dims{0, huge, huge}, dims{most, 0, most}}) {
    const ndarray nothing = zeros(shape);
    EXPECT_EQ(nothing.size(), 0);
    EXPECT_EQ(ndarray(nothing + 1).shape(), shape);
  }
}

TEST(Eye, HasOnesOnOneDiagonal) {
  for (std::int64_t rows = 0; rows < 6; ++rows) {
    for (std::int64_t columns = 0; columns < 7; ++columns) {
      for (const std::int64_t k :
           {least, least + 1, std::int64_t{-7}, std::int64_t{-6}, std::int64_t{-5}, std::int64_t{-2}, std::int64_t{-1},
            std::int64_t{0}, std::int64_t{1}, std::int64_t{3}, std::int64_t{5}, std::int64_t{6}, most - 1, most}) {
        const dtype type = all_dtypes[static_cast<std::size_t>((rows * 7 + columns) % dtype_count)];
        exact_array wanted = constant(type, {rows, columns}, 0);
        for (std::int64_t i = 0; i < rows; ++i) {
          for (std::int64_t j = 0; j < columns; ++j) {
            if (static_cast<whole>(j) - i == k) wanted.at[static_cast<std::size_t>(i * columns + j)] = 1;
          }
        }
        ASSERT_TRUE(equals(eye(rows, columns, k, type), wanted)) << rows << " " << columns << " " << k;
      }
    }
  }
  EXPECT_TRUE(equals(eye(1), constant(float64, {1, 1}, 1)));
  EXPECT_EQ(eye(4).shape(), (dims{4, 4}));
}

exact_array triangle(const exact_array& x, bool lower, std::int64_t k) {
  exact_array wanted = x;
  const std::int64_t rows = x.shape[x.shape.size() - 2];
  const std::int64_t columns = x.shape.back();
  for (std::size_t n = 0; n < wanted.at.size(); ++n) {
    const auto place = static_cast<std::int64_t>(n);
    const whole diagonal = static_cast<whole>(place % columns) - place / columns % rows;
    if (lower ? diagonal > k : diagonal < k) wanted.at[n] = 0;
  }
  return wanted;
}

TEST(Triangles, KeepOneSideOfADiagonal) {
  random_numbers random(303);
  for (const dims& shape : {dims{1, 1}, dims{4, 4}, dims{3, 5}, dims{5, 3}, dims{1, 6}, dims{6, 1}, dims{0, 3},
                            dims{3, 0}, dims{2, 3, 4}, dims{2, 0, 3, 4}, dims{2, 1, 3, 3}}) {
    for (const std::int64_t k : {least, least + 1, std::int64_t{-8}, std::int64_t{-4}, std::int64_t{-3},
                                 std::int64_t{-2}, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, std::int64_t{2},
                                 std::int64_t{3}, std::int64_t{4}, std::int64_t{5}, std::int64_t{9}, most - 1, most}) {
      for (const dtype type : all_dtypes) {
        // nan and infinities: what is dropped is 0, not multiplied by 0.
        const operand x = random_operand(type, shape, random.one_of(all_forms), numbers::special, random);
        SCOPED_TRACE(std::string(name(type)) + " " + to_string(shape) + " k " + std::to_string(k));
        ASSERT_TRUE(equals(eval(tril(x.view, k)), triangle(x.values, true, k)));
        ASSERT_TRUE(equals(eval(triu(x.view, k)), triangle(x.values, false, k)));
      }
    }
  }
}

TEST(Triangles, NeedTwoAxes) {
  EXPECT_TRUE(mentions(text_of<shape_error>([] { tril(zeros({3})); }), {"tril", "2 axes", "(3,)"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([] { triu(zeros({})); }), {"triu", "()"}));
  EXPECT_THROW(tril(5), shape_error);
}

TEST(Meshgrid, SpreadsEachArrayAlongItsAxis) {
  random_numbers random(304);
  for (const bool swapped : {false, true}) {
    for (std::size_t count = 0; count <= 4; ++count) {
      for (const bool with_empty : {false, true}) {
        std::vector<operand> operands;
        std::vector<expr> arrays;
        dims shape;
        for (std::size_t i = 0; i < count; ++i) {
          const auto extent = static_cast<std::int64_t>(with_empty && i == 1 ? 0 : i + 2);
          operands.push_back(random_operand(int16, {extent}, random.one_of(all_forms), numbers::wide, random));
          arrays.emplace_back(operands.back().view);
          shape.push_back(extent);
        }
        if (swapped && count > 1) std::swap(shape[0], shape[1]);
        const std::vector<expr> grids = meshgrid(arrays, swapped ? "xy" : "ij");
        ASSERT_EQ(grids.size(), count);
        for (std::size_t i = 0; i < count; ++i) {
          const int axis = static_cast<int>(swapped && count > 1 && i < 2 ? 1 - i : i);
          dims strides = dims::filled(static_cast<std::int64_t>(count), 0);
          strides[axis] = 1;
          exact_array wanted{int16, shape, {}};
          for (const std::int64_t place : distances_of(shape, strides))
            wanted.at.push_back(operands[i].values.at[static_cast<std::size_t>(place)]);
          EXPECT_TRUE(equals(eval(grids[i]), wanted)) << count << " arrays, number " << i << (swapped ? " xy" : " ij");
          EXPECT_FALSE(eval(grids[i]).is_writable() && count > 1 &&
                       wanted.at.size() > static_cast<std::size_t>(shape[axis]));
        }
      }
    }
  }
  const std::vector<expr> grids = meshgrid({arange(2), arange(3)});  // xy without saying so
  EXPECT_EQ(grids[0].shape(), (dims{3, 2}));
  EXPECT_EQ(meshgrid({ones({}, int64), arange(3)}, "ij")[0].shape(), (dims{1, 3}));
}

TEST(Meshgrid, RefusesWhatItCannotSpread) {
  EXPECT_TRUE(mentions(text_of<argument_error>([] { meshgrid({arange(2)}, "yx"); }), {"meshgrid", "yx", "xy", "ij"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([] { meshgrid({zeros({2, 3})}); }), {"meshgrid", "(2, 3)"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([] { meshgrid({arange(2), arange(2, float32)}); }),
                       {"meshgrid", "int64", "float32"}));
  EXPECT_THROW(meshgrid(std::vector<expr>(33, arange(1))), shape_error);
  EXPECT_EQ(meshgrid(std::vector<expr>(32, arange(1))).size(), 32U);
}

}  // namespace
}  // namespace tandem::testing
