#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <tandem/tandem.h>

#include "codegen/emulator/compare.h"
#include "support/elements.h"
#include "support/operands.h"

namespace tandem::testing {
namespace {

TEST(RepeatKernels, EveryDtypeAndAxis) {
  random_numbers random(531);
  lowered_cases cases;
  for (const dtype type : all_dtypes) {
    for (const dims& shape : {dims{5}, dims{300, 2}, dims{4, 1, 6}, dims{3, 0, 2}}) {
      for (std::int64_t axis = 0; axis < shape.size(); ++axis) {
        const operand x = random_operand(type, shape, random.one_of(all_forms), numbers::special, random);
        std::vector<std::int64_t> counts;
        for (std::int64_t i = 0; i < shape[axis]; ++i) counts.push_back(random.between(0, 3));
        const ndarray times = array(std::span<const std::int64_t>(counts), {shape[axis]});
        const std::string title = std::string(name(type)) + " " + to_string(shape) + " axis " + std::to_string(axis);
        cases.add(title, repeat(x.view, times, axis));
        cases.add(title + " reversed", repeat(x.view, flip(times), axis));
        cases.add(title + " twice", repeat(x.view, 2, axis));
      }
    }
  }
  cases.check();
}

TEST(RepeatKernels, IntoStridedTargets) {
  random_numbers random(532);
  lowered_cases cases;
  const operand x = random_operand(int16, {6, 5}, form::reversed, numbers::wide, random);
  const ndarray times = array<std::int64_t>({0, 2, 0, 1, 3, 0});
  cases.add_into("permuted", repeat(x.view, times, 0), {{6, 5}, {1, 7}, 2});
  cases.add_into("reversed", repeat(x.view, times, 0), {{6, 5}, {-10, -2}, 59});
  cases.check();
}

}  // namespace
}  // namespace tandem::testing
