#include <gtest/gtest.h>

#include <optional>
#include <string>

#include <tandem/tandem.h>

#include "codegen/emulator/compare.h"
#include "support/elements.h"
#include "support/operands.h"

// Searches as kernels. The CPU backend is the expectation: positions are exact.
namespace tandem::testing {
namespace {

struct shape_and_axes {
  dims shape;
  std::vector<std::optional<std::int64_t>> axes;
};

const shape_and_axes shapes[] = {
    {{}, {std::nullopt}},
    {{7}, {0}},
    {{30000}, {std::nullopt, 0}},
    {{4, 1500}, {std::nullopt, 0, 1}},
    {{2000, 3}, {std::nullopt, 0, 1}},
    {{5, 6, 7}, {std::nullopt, 0, 1, 2}},
};

TEST(ArgKernels, FindTheFirstOfEquals) {
  random_numbers random(511);
  lowered_cases cases;
  for (const dtype type : all_dtypes) {
    if (is_complex(type)) continue;
    for (const auto& [shape, all_axes] : shapes) {
      for (const std::optional<std::int64_t>& axis : all_axes) {
        const form f = random.one_of(all_forms);
        const bool largest = random.chance(50);
        // Special ones are nan in every row; small ones have none, but ties.
        const operand x = random_operand(type, shape, f, random.chance(50) ? numbers::special : numbers::small, random);
        cases.add(std::string(largest ? "argmax " : "argmin ") + std::string(name(type)) + " " + to_string(shape) +
                      " axis " + (axis ? std::to_string(*axis) : "none") + " " + std::string(name_of(f)),
                  largest ? argmax(x.view, {.axis = axis}) : argmin(x.view, {.axis = axis}));
      }
    }
  }
  cases.check();
}

TEST(ArgKernels, OfComputedElementsIntoStridedTargets) {
  random_numbers random(512);
  lowered_cases cases;
  const operand x = random_operand(float32, {40, 9, 30}, form::shuffled, numbers::special, random);
  const operand y = random_operand(int16, {9, 1}, form::row_major, numbers::small, random);
  const expr sum = x.view * 2 + y.view;
  cases.add_into("reversed", argmax(sum, {.axis = 0}), {{9, 30}, {-60, -2}, 9 * 60});
  cases.add_into("apart", argmin(sum, {.axis = 1}), {{40, 30}, {1, 50}, 3});
  cases.add("whole", argmin(abs(sum)));
  cases.check();
}

}  // namespace
}  // namespace tandem::testing
