#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/policy.h>
#include <tandem/products.h>
#include <tandem/statistics.h>

#include "products/reference.h"
#include "support/exact_array.h"
#include "support/operands.h"

// How a product is cut into blocks of registers, panels and parts for workers is not to be seen in its result.
namespace tandem::testing {
namespace {

// Widths with every remainder of the registers of each instruction set; heights with every one of a block's rows.
TEST(MatmulBlocks, OfEveryWidthAndHeight) {
  random_numbers random(9101);
  for (const dtype type : {float32, float64}) {
    for (std::int64_t columns = 1; columns <= 140; columns += columns < 70 ? 1 : 9) {
      for (const auto& [rows, depth] : {std::pair<std::int64_t, std::int64_t>{1 + columns % 13, 1 + columns % 7},
                                        {1 + columns % 5, 257 + columns % 3}}) {
        const operand x = random_operand(type, {rows, depth}, random.one_of(all_forms), numbers::wide, random);
        for (const form f : {form::row_major, form::transposed, form::every_second}) {
          const operand y = random_operand(type, {depth, columns}, f, numbers::wide, random);
          ASSERT_TRUE(within(eval(matmul(x.view, y.view)), expected_matmul(x.values, y.values, type, false)))
              << name(type) << " " << rows << " " << depth << " " << columns << " " << name_of(f);
        }
      }
    }
  }
}

// Depths and heights around those that are copied at once (256), where sums go on from what was stored.
TEST(MatmulBlocks, OfSizesAroundWhatIsCopiedAtOnce) {
  random_numbers random(9102);
  for (const auto& [x_shape, y_shape] : std::vector<std::pair<dims, dims>>{{{7, 255}, {255, 33}},
                                                                           {{7, 256}, {256, 33}},
                                                                           {{30, 257}, {257, 65}},
                                                                           {{257, 3}, {3, 70}},
                                                                           {{70, 513}, {513, 31}},
                                                                           {{2, 520, 300}, {300, 9}}}) {
    for (const dtype type : {float32, float64, complex64}) {
      for (const form f : {form::row_major, form::transposed, form::part, form::reversed}) {
        const operand x = random_operand(type, x_shape, f, numbers::wide, random);
        const operand y = random_operand(type, y_shape, random.one_of(all_forms), numbers::wide, random);
        ASSERT_TRUE(within(eval(matmul(x.view, y.view)), expected_matmul(x.values, y.values, type, false)))
            << name(type) << " " << to_string(x_shape) << " " << to_string(y_shape) << " " << name_of(f);
      }
    }
  }
}

TEST(MatmulBlocks, HaveTheSameBitsForAnyNumberOfWorkers) {
  random_numbers random(9103);
  for (const auto& [x_shape, y_shape] : std::vector<std::pair<dims, dims>>{{{130, 300}, {300, 90}},
                                                                           {{61, 61}, {61, 61}},
                                                                           {{700, 20}, {20, 7}},
                                                                           {{5, 20}, {20, 3001}},
                                                                           {{800, 600}, {600}},
                                                                           {{3, 5000}, {5000}},
                                                                           {{5000}, {5000, 3}},
                                                                           {{3, 90, 80}, {80, 70}},
                                                                           {{2000, 4, 5}, {2000, 5, 4}},
                                                                           {{30, 1, 9, 9}, {40, 9, 9}}}) {
    for (const dtype type : {float32, float64, complex64, complex128}) {
      const operand x = random_operand(type, x_shape, random.one_of(all_forms), numbers::wide, random);
      const operand y = random_operand(type, y_shape, random.one_of(all_forms), numbers::wide, random);
      const ndarray alone = eval(matmul(x.view, y.view), {.workers = 1});
      for (const int workers : {2, 3, 5, 16}) {
        const ndarray shared = eval(matmul(x.view, y.view), {.workers = workers});
        EXPECT_EQ(ndarray(count_nonzero(not_equal(alone, shared))).item<std::int64_t>(), 0)
            << name(type) << " " << to_string(x_shape) << " " << to_string(y_shape) << " workers " << workers;
      }
    }
  }
}

}  // namespace
}  // namespace tandem::testing
