#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include "elementwise/accuracy.h"
#include "elementwise/cases.h"
#include "elementwise/column.h"
#include "elementwise/evaluate.h"
#include "elementwise/judgement.h"
#include "elementwise/points.h"
#include "elementwise/rows.h"

// Every operation on every dtype of its kinds, against a reference in wider arithmetic, within the bound of its row.
namespace tandem::testing {
namespace {

constexpr std::uint64_t seed = 20261;
constexpr std::size_t random_count = 3000;

class Values : public ::testing::TestWithParam<op_and_dtype> {};

TEST_P(Values, AreWithinTheBoundOfTheRow) {
  const op_and_dtype c = GetParam();
  random_bits bits(seed);
  const std::vector<column> operands = make_operands(*c.r, c.type, random_count, bits);
  const column result = evaluate(c.r->which, operands);
  ASSERT_EQ(result.type(), result_type_of(*c.r, c.type));
  ASSERT_EQ(result.size(), operands[0].size());
  ASSERT_GT(result.size(), random_count);
  double worst = 0;
  int failures = 0;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::optional<expected> reference_value = reference(*c.r, operands, i);
    ASSERT_TRUE(reference_value.has_value())
        << "cases.inc has no reference for " << c.r->name << " of " << name(c.type);
    const double error = error_at(c, result, i, *reference_value);
    const double bound = bound_for(c, operands, i);
    worst = std::max(worst, error);
    // The reference itself is rounded, far below: to 200 bits, or to 11 bits more than double.
    if (error <= bound + 0.001) continue;
    std::string given;
    for (const column& operand : operands) given += (given.empty() ? "" : ", ") + text_at(operand, i);
    ADD_FAILURE() << c.r->name << "(" << given << ") of " << name(c.type) << " is " << text_at(result, i)
                  << ", expected " << text_of(*reference_value) << ": " << error << " ulp, bound " << bound << ", seed "
                  << seed;
    if (++failures == 5) break;
  }
  RecordProperty("worst_ulp", std::to_string(worst));
}

INSTANTIATE_TEST_SUITE_P(Elementwise, Values, ::testing::ValuesIn(all_ops_and_dtypes()), [](const auto& test) {
  return std::string(test.param.r->name) + "_" + std::string(name(test.param.type));
});

}  // namespace
}  // namespace tandem::testing
