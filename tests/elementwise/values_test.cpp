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
#include "elementwise/points.h"
#include "elementwise/rows.h"

// Every operation on every dtype of its kinds, against a reference in wider arithmetic, within the bound of its row.
namespace tandem::testing {
namespace {

constexpr std::uint64_t seed = 20261;
constexpr std::size_t random_count = 3000;

struct op_and_dtype {
  const row* r;
  dtype type;
};

void PrintTo(const op_and_dtype& c, std::ostream* out) { *out << c.r->name << " of " << name(c.type); }

std::vector<op_and_dtype> all_cases() {
  std::vector<op_and_dtype> list;
  for (const row& r : rows) {
    for (const dtype type : dtypes_of(r)) list.push_back({&r, type});
  }
  return list;
}

// What the table's header says, and the exceptions that the rows state.
double bound_for(const op_and_dtype& c, const std::vector<column>& operands, std::size_t i) {
  if (!is_complex(c.type)) return c.r->which == op::abs ? 0 : c.r->ulp;
  if (c.r->result == result_kind::real_part) return c.r->ulp;
  const double bound = std::max(5.0, c.r->ulp);
  if (c.r->which != op::pow || c.type != dtype::complex128) return bound;
  const auto x = operands[0].get<std::complex<double>>(i);
  const auto y = operands[1].get<std::complex<double>>(i);
  return x == 0.0 ? bound : bound + 2 * std::abs(y) * (1 + std::abs(std::log(x)));
}

// Beside a nan, the standards leave the sign of an infinity or a zero open, but not for logarithms.
bool signs_are_specified(op which, const complex& reference) {
  return !ref::isnan(reference) || which == op::log || which == op::log1p || which == op::log2 || which == op::log10;
}

double error_at(const op_and_dtype& c, const column& result, std::size_t i, const expected& reference) {
  return with_element(result.type(), [&]<class T>(T) {
    const T value = result.get<T>(i);
    if constexpr (std::is_integral_v<T>) {
      if (const bool* b = std::get_if<bool>(&reference)) return value == static_cast<T>(*b) ? 0.0 : wrong;
      if (const whole* w = std::get_if<whole>(&reference)) return value == static_cast<T>(*w) ? 0.0 : wrong;
    } else if constexpr (std::is_floating_point_v<T>) {
      // Where terms of about -0.7 cancel, logaddexp is as accurate as they are.
      const double at_least = c.r->which == op::logaddexp ? 1 : 0;
      if (const mp* m = std::get_if<mp>(&reference)) return error_in_ulp(value, *m, at_least);
    } else {
      if (const complex* z = std::get_if<complex>(&reference)) {
        const bool specified = signs_are_specified(c.r->which, *z);
        // Products of zeros have the signs that the formula gives them.
        const bool products = needs_moderate_parts(c.r->which) || c.r->which == op::pow;
        return error_in_ulp(value, *z, specified, specified && !products);
      }
    }
    return wrong;
  });
}

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

INSTANTIATE_TEST_SUITE_P(Elementwise, Values, ::testing::ValuesIn(all_cases()), [](const auto& test) {
  return std::string(test.param.r->name) + "_" + std::string(name(test.param.type));
});

}  // namespace
}  // namespace tandem::testing
