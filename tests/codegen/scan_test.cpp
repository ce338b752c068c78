#include <gtest/gtest.h>

#include <string>

#include <tandem/tandem.h>

#include "codegen/emulator/compare.h"
#include "support/elements.h"
#include "support/exact_array.h"
#include "support/operands.h"

// Running results as kernels.
namespace tandem::testing {
namespace {

struct shape_and_axes {
  dims shape;
  std::vector<std::int64_t> axes;
};

const shape_and_axes shapes[] = {
    {{1}, {0}},          {{9}, {0}},          {{2048}, {0}},          {{30001}, {0}},
    {{4, 3000}, {0, 1}}, {{3000, 3}, {0, 1}}, {{5, 6, 7}, {0, 1, 2}}, {{300, 700}, {0, 1}},
};

// Small numbers, whose sums are exact: every order gives the same.
TEST(ScanKernels, SumsOfExactNumbers) {
  random_numbers random(521);
  lowered_cases cases;
  for (const dtype type : all_dtypes) {
    for (const auto& [shape, axes] : shapes) {
      if (count_of(shape) > 50000 && !is_floating(type)) continue;
      for (const std::int64_t axis : axes) {
        const form f = random.one_of(all_forms);
        const operand x = random_operand(type, shape, f, numbers::small, random);
        cases.add("cumulative_sum " + std::string(name(type)) + " " + to_string(shape) + " axis " +
                      std::to_string(axis) + " " + std::string(name_of(f)),
                  cumulative_sum(x.view, {.axis = axis}));
      }
    }
  }
  cases.check();
}

TEST(ScanKernels, ProductsOfIntegers) {
  random_numbers random(522);
  lowered_cases cases;
  for (const dtype type : integer_dtypes) {
    for (const auto& [shape, axes] : shapes) {
      if (count_of(shape) > 50000) continue;
      for (const std::int64_t axis : axes) {
        const operand x = random_operand(type, shape, random.one_of(all_forms), numbers::near_one, random);
        cases.add(
            "cumulative_prod " + std::string(name(type)) + " " + to_string(shape) + " axis " + std::to_string(axis),
            cumulative_prod(x.view, {.axis = axis}));
      }
    }
  }
  cases.check();
}

// Running sums of float32 beside those in long double: an error grows with the number of blocks and lanes in sequence.
TEST(ScanKernels, SumsThatRound) {
  random_numbers random(523);
  lowered_cases cases;
  for (const dims& shape : {dims{30001}, dims{3, 5000}}) {
    const operand x = random_operand(float32, shape, form::row_major, numbers::wide, random);
    const std::int64_t length = shape.back();
    cases.add("float32 " + to_string(shape), cumulative_sum(x.view, {.axis = -1}),
              [x, length](const ndarray& given) -> ::testing::AssertionResult {
                const std::vector<float> values = elements_of<float>(given);
                real_number sum = 0;
                real_number sizes = 0;
                for (std::size_t i = 0; i < values.size(); ++i) {
                  if (i % static_cast<std::size_t>(length) == 0) sum = sizes = 0;
                  sum += x.values.at[i].real();
                  sizes += std::fabs(x.values.at[i].real());
                  const real_number bound = 50 * unit_roundoff(float32) * sizes;
                  if (std::fabs(values[i] - sum) <= bound) continue;
                  return ::testing::AssertionFailure() << "element " << i << " is " << values[i] << ", not " << sum;
                }
                return ::testing::AssertionSuccess();
              });
  }
  cases.check();
}

// So many elements that a block goes through several of its steps and carries on.
TEST(ScanKernels, LongRows) {
  lowered_cases cases;
  for (const dims& shape : {dims{3200001}, dims{1000, 3300}, dims{3200, 1000}}) {
    const ndarray x = reshape(arange(std::int64_t{0}, count_of(shape), std::int64_t{1}), shape);
    cases.add(to_string(shape), cumulative_sum(x, {.axis = 0}));
    if (shape.size() > 1) cases.add(to_string(shape) + " last axis", cumulative_sum(x, {.axis = 1}));
  }
  cases.check_once();
}

TEST(ScanKernels, KeepTheSignOfZeroAndInfinities) {
  lowered_cases cases;
  cases.add("zeros", cumulative_sum(array<float>({-0.0F, -0.0F, 0.0F, -0.0F})));
  const std::complex<double> infinite(std::numeric_limits<double>::infinity(), 0);
  cases.add("infinities", cumulative_prod(array<std::complex<double>>({infinite, infinite, infinite})));
  cases.check();
}

TEST(ScanKernels, OfComputedElementsIntoStridedTargets) {
  random_numbers random(524);
  lowered_cases cases;
  const operand x = random_operand(int32, {40, 9, 30}, form::shuffled, numbers::wide, random);
  const operand y = random_operand(int16, {9, 1}, form::row_major, numbers::small, random);
  const expr sum = x.view * 2 + y.view;
  cases.add_into("reversed", cumulative_sum(sum, {.axis = 0}), {{40, 9, 30}, {-540, -60, -2}, 40 * 540});
  cases.add_into("permuted", cumulative_sum(sum, {.axis = 1}), {{40, 9, 30}, {1, 40 * 31, 41}, 5});
  cases.add("with the initial value", cumulative_sum(sum, {.axis = 2, .include_initial = true}));
  cases.check();
}

}  // namespace
}  // namespace tandem::testing
