#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "codegen/emulator/compare.h"
#include "statistics/reference.h"
#include "support/elements.h"
#include "support/exact_array.h"
#include "support/operands.h"

// Reductions as kernels.
namespace tandem::testing {
namespace {

// Within the bounds of a tree whose leaves are sequences of at most eight; the CPU's tree has none.
expectation near_reference(statistic which, const exact_array& x, const statistic_options& o) {
  return [wanted = expected(which, x, o)](const ndarray& given) {
    std::vector<real_number> bounds = wanted.bounds;
    for (real_number& bound : bounds) bound *= 2;
    return within(given, wanted.values, bounds);
  };
}

struct shape_and_axes {
  dims shape;
  std::vector<dims> axes;
};

const shape_and_axes shapes[] = {
    {{1}, {{0}}},
    {{5}, {{0}}},
    {{300}, {{0}}},
    {{40000}, {{0}}},
    {{3, 7}, {{0}, {1}, {0, 1}}},
    {{1, 1, 1}, {{1}, {0, 2}}},
    {{4, 1000}, {{0}, {1}}},
    {{1000, 3}, {{0}, {1}}},
    {{5, 6, 7}, {{0}, {1}, {2}, {0, 2}, {0, 1, 2}}},
    {{2, 3, 1, 5, 33}, {{1, 3}, {0, 4}, {2}}},
    {{3, 20, 64}, {{0, 2}, {0, 1}}},
};

void check_statistic(statistic which, std::uint64_t seed) {
  random_numbers random(seed);
  lowered_cases cases;
  for (const dtype type : all_dtypes) {
    if (!takes(which, type)) continue;
    for (const auto& [shape, all_axes] : shapes) {
      if (which == statistic::prod && count_of(shape) > 5000) continue;  // it would leave the range of floats
      for (const dims& axis : all_axes) {
        const form f = random.one_of(all_forms);
        const operand x =
            random_operand(type, shape, f, which == statistic::prod ? numbers::near_one : numbers::wide, random);
        const statistic_options o{.axis = axes(axis)};
        cases.add(std::string(name_of(which)) + " " + std::string(name(type)) + " " + to_string(shape) + " over " +
                      to_string(axis) + " " + std::string(name_of(f)),
                  call(which, x.view, o), near_reference(which, x.values, o));
      }
    }
  }
  cases.check();
}

TEST(ReduceKernels, Sum) { check_statistic(statistic::sum, 501); }
TEST(ReduceKernels, Prod) { check_statistic(statistic::prod, 502); }
TEST(ReduceKernels, Min) { check_statistic(statistic::min, 503); }
TEST(ReduceKernels, Max) { check_statistic(statistic::max, 504); }
TEST(ReduceKernels, All) { check_statistic(statistic::all, 505); }
TEST(ReduceKernels, Any) { check_statistic(statistic::any, 506); }

// Rows so long, and so many of them, that lanes go through several groups of runs.
TEST(ReduceKernels, LongRows) {
  random_numbers random(507);
  lowered_cases cases;
  for (const auto& [shape, axis] : {std::pair{dims{2200003}, 0}, {dims{70003, 32}, 0}, {dims{3, 750001}, 1}}) {
    const operand x = random_operand(float64, shape, form::row_major, numbers::wide, random);
    const statistic_options o{.axis = axis};
    cases.add("float64 " + to_string(shape), call(statistic::sum, x.view, o),
              near_reference(statistic::sum, x.values, o));
  }
  const ndarray many = random_array(int16, {4300001}, random);
  cases.add("sum of int16", sum(many));
  cases.add("max of int16", max(many));
  cases.check_once();
}

// Small numbers, whose sums are exact in every order.
TEST(ReduceKernels, OfComputedElementsIntoStridedTargets) {
  random_numbers random(508);
  lowered_cases cases;
  for (const dtype type : {int8, float32}) {
    for (const form f : all_forms) {
      const operand x = random_operand(type, {40, 9, 30}, form::row_major, numbers::small, random);
      const operand y = random_operand(type, {40, 9, 30}, f, numbers::small, random);
      const operand column = random_operand(int16, {9, 1}, form::row_major, numbers::small, random);
      const std::string title = std::string(name(type)) + " " + std::string(name_of(f)) + " over ";
      const expr computed = x.view * 2 + y.view - column.view;
      for (const axes& over : {axes{0}, axes{1}, axes{2}, axes{0, 2}, axes()}) {
        cases.add(title + (over.list() ? to_string(*over.list()) : "all"), sum(computed, {.axis = over}));
      }
      cases.add_into(title + "1, reversed", sum(computed, {.axis = 1}), {{40, 30}, {-60, -2}, 39 * 60 + 58});
      cases.add_into(title + "2, transposed", sum(computed, {.axis = 2}), {{40, 9}, {1, 50}, 3});
    }
  }
  cases.check();
}

// Chains that cost so much that they are functions which kernels call.
TEST(ReduceKernels, OfCostlyChains) {
  random_numbers random(510);
  lowered_cases cases;
  for (const dtype type : {int16, int64}) {
    const operand x = random_operand(type, {70, 300}, form::row_major, numbers::small, random);
    const operand y = random_operand(type, {300}, form::reversed, numbers::small, random);
    const expr powers = pow(x.view, abs(y.view)) + 1;
    const std::string title(name(type));
    for (const int axis : {0, 1}) {
      cases.add(title + " sum", sum(powers, {.axis = axis}));
      cases.add(title + " argmax", argmax(powers, {.axis = axis}));
      cases.add(title + " cumulative_sum", cumulative_sum(powers, {.axis = axis}));
    }
  }
  cases.check();
}

// Runs of neighbours along the last of several axes, whose rows begin anywhere.
TEST(ReduceKernels, RunsOfSeveralAxes) {
  random_numbers random(509);
  lowered_cases cases;
  for (const dtype type : {int8, int32, float32, float64}) {
    for (const std::int64_t length : {32, 36, 35, 160}) {
      const operand x = random_operand(type, {5, 6, length}, form::row_major, numbers::small, random);
      const operand part = random_operand(type, {5, 6, length + 3}, form::row_major, numbers::small, random);
      const operand row = random_operand(type, {length}, form::row_major, numbers::small, random);
      const operand column = random_operand(type, {6, 1}, form::row_major, numbers::small, random);
      const ndarray inner = part.view(tandem::all, tandem::all, slice(1, length + 1));
      const std::string title = std::string(name(type)) + " " + std::to_string(length);
      cases.add(title, sum(x.view, {.axis = {0, 2}}));
      cases.add(title + " parts of rows", max(inner, {.axis = {0, 2}}));
      cases.add(title + " row", sum(x.view - row.view));
      cases.add(title + " row and column", sum(inner * row.view + column.view, {.axis = {0, 2}}));
      cases.add(title + " position", argmax(inner - column.view));
    }
  }
  cases.check();
}

TEST(ReduceKernels, OfNoElementsAreTheIdentity) {
  lowered_cases cases;
  for (const dtype type : all_dtypes) {
    const ndarray none_at_all = empty({3, 0, 2}, type);
    cases.add("sum " + std::string(name(type)), sum(none_at_all, {.axis = 1}));
    cases.add("prod " + std::string(name(type)), prod(none_at_all, {.axis = {1, 2}}));
    cases.add("all " + std::string(name(type)), tandem::all(none_at_all));
    cases.add("any " + std::string(name(type)), any(none_at_all));
    cases.add("no result " + std::string(name(type)), sum(none_at_all, {.axis = 0}));
  }
  cases.check();
}

// What neutral numbers would spoil, and what nan spoils.
TEST(ReduceKernels, SpecialNumbers) {
  lowered_cases cases;
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::complex<double> infinite(infinity, 0);
  for (const std::int64_t length : {1, 2, 5, 300}) {
    cases.add("-0.0", sum(full({length}, -0.0)));
    cases.add("-0.0 of columns", sum(full({length, 3}, -0.0F), {.axis = 0}));
    cases.add("infinite products", prod(full({length}, scalar(infinite))));
    const ndarray x = ones({length});
    x(-1) = nan;
    cases.add("nan", min(x));
    cases.add("infinities", max(where(x == 1.0, expr(-infinity), expr(infinity))));
  }
  cases.check();
}

}  // namespace
}  // namespace tandem::testing
