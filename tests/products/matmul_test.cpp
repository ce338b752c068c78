#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
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

// matmul of every dtype, shape and layout of its operands.
namespace tandem::testing {
namespace {

using shape_pair = std::pair<dims, dims>;

const std::vector<shape_pair>& shapes() {
  static const std::vector<shape_pair> list = {
      // vectors
      {{1}, {1}},
      {{7}, {7}},
      {{700}, {700}},
      {{5}, {5, 3}},
      {{3, 5}, {5}},
      {{5}, {2, 5, 3}},
      {{2, 3, 5}, {5}},
      {{1}, {1, 4}},
      {{4, 1}, {1}},
      {{5}, {4, 1, 5, 2}},
      // matrices
      {{1, 1}, {1, 1}},
      {{3, 5}, {5, 4}},
      {{17, 9}, {9, 23}},
      {{31, 1}, {1, 29}},
      {{1, 33}, {33, 1}},
      {{1, 9}, {9, 14}},
      {{14, 9}, {9, 1}},
      {{130, 3}, {3, 2}},
      {{2, 150}, {150, 3}},
      // batches, equal and broadcast
      {{2, 3, 4}, {2, 4, 5}},
      {{2, 3, 4}, {4, 5}},
      {{3, 4}, {2, 4, 5}},
      {{2, 1, 3, 4}, {1, 3, 4, 2}},
      {{3, 1, 2, 2}, {4, 2, 1}},
      {{1, 2, 3}, {5, 3, 1}},
      {{2, 2, 1, 6}, {2, 6, 1}},
      {{7, 1, 1, 2, 3}, {2, 1, 3, 2}},
      {{40, 1, 5}, {40, 5, 1}},
      // nothing to multiply, nothing to give
      {{0}, {0}},
      {{3, 0}, {0, 4}},
      {{0, 3}, {3, 4}},
      {{3, 4}, {4, 0}},
      {{0, 0}, {0, 0}},
      {{0}, {0, 3}},
      {{3, 0}, {0}},
      {{2, 3, 0}, {0, 2}},
      {{0, 2, 3}, {3, 2}},
      {{0, 1, 2, 3}, {5, 3, 2}},
  };
  return list;
}

std::string case_name(dtype type, const operand& x, const operand& y, form f, form g) {
  return std::string(name(type)) + " " + to_string(x.values.shape) + " " + std::string(name_of(f)) + " @ " +
         to_string(y.values.shape) + " " + std::string(name_of(g));
}

class Matmul : public ::testing::TestWithParam<dtype> {};

TEST_P(Matmul, AgreesWithTheDefinitionInEveryLayout) {
  const dtype type = GetParam();
  random_numbers random(8000 + static_cast<std::uint64_t>(type));
  for (const auto& [x_shape, y_shape] : shapes()) {
    for (const form f : all_forms) {
      for (const form g : all_forms) {
        const numbers kind = random.chance(50) ? numbers::small : numbers::wide;
        const operand x = random_operand(type, x_shape, f, kind, random);
        const operand y = random_operand(type, y_shape, g, kind, random);
        const expected_product wanted = expected_matmul(x.values, y.values, type, kind == numbers::small);
        const expr built = matmul(x.view, y.view);
        ASSERT_EQ(built.shape(), wanted.values.shape);
        ASSERT_TRUE(within(eval(built), wanted)) << case_name(type, x, y, f, g);
      }
    }
  }
}

TEST_P(Matmul, OfExpressionsAndForAnyNumberOfWorkers) {
  const dtype type = GetParam();
  random_numbers random(8100 + static_cast<std::uint64_t>(type));
  for (const auto& [x_shape, y_shape] :
       {shape_pair{{19, 40}, {40, 11}}, shape_pair{{30, 4, 6}, {6, 5}}, shape_pair{{60}, {60}}}) {
    const operand x = random_operand(type, x_shape, form::shuffled, numbers::small, random);
    const operand y = random_operand(type, y_shape, form::every_second, numbers::small, random);
    // x + x is 2 x, or x for booleans and wrapped for integers.
    exact_array twice = x.values;
    if (is_floating(type)) {
      for (exact& each : twice.at) each *= 2;
    } else if (type != bool_) {
      for (exact& each : twice.at) each = wrapped(2 * whole_of(each), type);
    }
    const expected_product wanted = expected_matmul(twice, y.values, type, true);
    for (const int workers : {1, 2, 3, 7}) {
      EXPECT_TRUE(within(eval(matmul(x.view + x.view, y.view), {.workers = workers}), wanted))
          << name(type) << " workers " << workers;
    }
    // The product as a part of something larger, read twice.
    const expr product = matmul(x.view + x.view, y.view);
    EXPECT_TRUE(within(eval(where(equal(product, product), product, false)), wanted)) << name(type);
  }
}

INSTANTIATE_TEST_SUITE_P(Products, Matmul, ::testing::ValuesIn(all_dtypes),
                         [](const auto& test) { return std::string(name(test.param)); });

TEST(MatmulDtypes, ArePromoted) {
  random_numbers random(8200);
  for (const dtype left : all_dtypes) {
    for (const dtype right : all_dtypes) {
      const operand x = random_operand(left, {3, 4}, form::transposed, numbers::small, random);
      const operand y = random_operand(right, {4, 2}, form::row_major, numbers::small, random);
      const dtype type = result_type(left, right);
      EXPECT_TRUE(within(eval(matmul(x.view, y.view)), expected_matmul(x.values, y.values, type, true)))
          << name(left) << " " << name(right);
    }
  }
}

// One nan or infinity reaches just the row and the column that it is in, also past zeros.
TEST(MatmulSpecialNumbers, ReachWhatTheyAreMultipliedWith) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  random_numbers random(8300);
  for (const dtype type : {float32, float64, complex64, complex128}) {
    for (const auto& [m, k, n] :
         {std::array<std::int64_t, 3>{5, 6, 7}, {1, 40, 30}, {30, 40, 1}, {1, 17, 1}, {70, 90, 65}}) {
      for (const double special : {std::nan(""), infinity}) {
        for (const bool zero_row : {false, true}) {
          const ndarray x = random_operand(type, {m, k}, form::transposed, numbers::small, random).view;
          const ndarray y = random_operand(type, {k, n}, form::row_major, numbers::small, random).view;
          const std::int64_t i = random.between(0, m - 1);
          const std::int64_t l = random.between(0, k - 1);
          const std::int64_t j = random.between(0, n - 1);
          if (zero_row) {
            y(l, j) = special;
            x(i) = 0;
          } else {
            x(i, l) = special;
            y(l) = 0;
          }
          const exact_array z = read(matmul(x, y));
          for (std::int64_t row = 0; row < m; ++row) {
            for (std::int64_t column = 0; column < n; ++column) {
              const exact value = z.at[static_cast<std::size_t>(row * n + column)];
              const bool nan = std::isnan(value.real()) || std::isnan(value.imag());
              // A number times infinity is infinite, or nan where it is 0 or complex.
              if (zero_row ? row == i && column == j : row == i) {
                EXPECT_TRUE(nan) << name(type) << " (" << m << ", " << k << ") @ (" << k << ", " << n << ") at " << row
                                 << ", " << column << " is " << number_text(value) << (zero_row ? " of y" : " of x");
              } else if (zero_row ? column != j : true) {
                EXPECT_TRUE(is_finite(value)) << name(type) << " at " << row << ", " << column;
              }
            }
          }
        }
      }
    }
  }
}

TEST(MatmulIntegers, Wrap) {
  const ndarray x = full({2, 600}, 100, int8);
  const ndarray z = matmul(x, ndarray(x.transposed()));
  EXPECT_TRUE(equals(z, {int8, {2, 2}, std::vector<exact>(4, wrapped(600 * 10000, int8))}));
  const ndarray most = full({3, 3}, std::numeric_limits<std::int64_t>::max());
  EXPECT_TRUE(equals(eval(matmul(most, most)), {int64, {3, 3}, std::vector<exact>(9, 3)}));
}

// More columns than a tile of 512, read and written with gaps.
TEST(MatmulIntegers, OfManyColumns) {
  random_numbers random(8400);
  for (const dtype type : {bool_, int16, uint64}) {
    for (const std::int64_t columns : {511, 512, 513, 1100}) {
      const operand x = random_operand(type, {2, 3, 9}, form::every_second, numbers::wide, random);
      const operand y = random_operand(type, {9, columns}, random.one_of(all_forms), numbers::wide, random);
      EXPECT_TRUE(within(eval(matmul(x.view, y.view)), expected_matmul(x.values, y.values, type, true)))
          << name(type) << " " << columns;
    }
  }
}

// Numbers that were broadcast to matrices are not in memory before.
TEST(MatmulNumbers, AreSpreadFirst) {
  const ndarray z = matmul(broadcast_to(0.5, {3, 2}), array<float>({{1, 2}, {3, 4}}));
  EXPECT_TRUE(equals(z, {float32, {3, 2}, {2, 3, 2, 3, 2, 3}}));
  EXPECT_TRUE(equals(eval(matmul(broadcast_to(2, {2}), broadcast_to(3, {2, 1}))), {int64, {1}, {12}}));
}

TEST(MatmulRefused, ShapesThatDoNotFit) {
  const auto text = [](const dims& x, const dims& y) {
    return text_of<shape_error>([&] { matmul(zeros(x), zeros(y)); });
  };
  EXPECT_TRUE(mentions(text({3, 4}, {5, 6}), {"matmul", "4", "5", "(3, 4)", "(5, 6)"}));
  EXPECT_TRUE(mentions(text({3}, {4}), {"matmul", "(3,)", "(4,)"}));
  EXPECT_TRUE(mentions(text({3}, {1}), {"matmul", "(3,)", "(1,)"}));
  EXPECT_TRUE(mentions(text({3, 4}, {1, 6}), {"matmul", "(3, 4)", "(1, 6)"}));
  EXPECT_TRUE(mentions(text({2, 3, 4}, {3, 4, 5}), {"matmul", "broadcast", "2", "3"}));
  EXPECT_TRUE(mentions(text({}, {3}), {"matmul", "axis", "()"}));
  EXPECT_TRUE(mentions(text({3}, {}), {"matmul", "axis", "()"}));
  EXPECT_THROW(matmul(zeros({2, 2}), 3), shape_error);
  EXPECT_THROW(matmul(zeros({4}), zeros({3, 5})), shape_error);
  EXPECT_THROW(matmul(zeros({4, 3}), zeros({4})), shape_error);
}

}  // namespace
}  // namespace tandem::testing
