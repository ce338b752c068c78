#include <gtest/gtest.h>

#include <string>

#include <tandem/tandem.h>

#include "codegen/emulator/compare.h"
#include "support/elements.h"
#include "support/operands.h"

// Products as kernels and as what cuBLAS is asked for. Small numbers: their products and sums are exact in every order.
namespace tandem::testing {
namespace {

struct two_shapes {
  dims x;
  dims y;
};

const two_shapes shapes[] = {
    {{3, 4}, {4, 5}},       {{1, 1}, {1, 1}},    {{70, 130}, {130, 65}},       {{1, 9}, {9, 1}}, {{9, 1}, {1, 9}},
    {{2, 3, 4}, {2, 4, 2}}, {{3, 4}, {5, 4, 6}}, {{2, 1, 3, 4}, {3, 4, 2}},    {{4, 0}, {0, 3}}, {{0, 4}, {4, 3}},
    {{5}, {5, 2}},          {{2, 5}, {5}},       {{4, 7, 2, 3}, {4, 7, 3, 2}},
};

TEST(MatmulKernels, EveryDtypeShapeAndForm) {
  random_numbers random(541);
  lowered_cases cases;
  for (const dtype type : all_dtypes) {
    for (const auto& [x_shape, y_shape] : shapes) {
      const form fx = random.one_of(all_forms);
      const form fy = random.one_of(all_forms);
      const operand x = random_operand(type, x_shape, fx, numbers::small, random);
      const operand y = random_operand(type, y_shape, fy, numbers::small, random);
      cases.add(std::string(name(type)) + " " + to_string(x_shape) + " " + std::string(name_of(fx)) + " " +
                    to_string(y_shape) + " " + std::string(name_of(fy)),
                matmul(x.view, y.view));
    }
  }
  cases.check();
}

TEST(MatmulKernels, EveryFormOfOperandsAndTarget) {
  random_numbers random(542);
  lowered_cases cases;
  const tandem::detail::layout targets[] = {{{3, 4, 5}, {20, 5, 1}, 0},
                                            {{3, 4, 5}, {20, 1, 4}, 0},
                                            {{3, 4, 5}, {-40, -10, -2}, 119},
                                            {{3, 4, 5}, {1, 3, 12}, 7},
                                            {{3, 4, 5}, {50, 10, 1}, 2}};
  for (const dtype type : {float32, complex128, int32, bool_}) {
    for (const form f : all_forms) {
      const operand x = random_operand(type, {3, 4, 6}, f, numbers::small, random);
      const operand y = random_operand(type, {6, 5}, random.one_of(all_forms), numbers::small, random);
      const auto& target = random.one_of(targets);
      cases.add_into(
          std::string(name(type)) + " " + std::string(name_of(f)) + " to strides " + to_string(target.strides),
          matmul(x.view, y.view), target);
    }
  }
  cases.check();
}

TEST(MatmulKernels, IntegersWrap) {
  random_numbers random(543);
  lowered_cases cases;
  for (const dtype type : integer_dtypes) {
    const operand x = random_operand(type, {10, 33}, form::row_major, numbers::wide, random);
    const operand y = random_operand(type, {33, 12}, form::transposed, numbers::wide, random);
    cases.add(std::string(name(type)), matmul(x.view, y.view));
  }
  cases.check();
}

}  // namespace
}  // namespace tandem::testing
