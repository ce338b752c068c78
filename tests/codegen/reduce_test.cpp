#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
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

}  // namespace
}  // namespace tandem::testing
