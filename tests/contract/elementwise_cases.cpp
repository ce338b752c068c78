#include <cmath>
#include <string>
#include <vector>

#include "contract/cases.h"
#include "elementwise/accuracy.h"
#include "elementwise/column.h"
#include "elementwise/conversion_reference.h"
#include "elementwise/evaluate.h"
#include "elementwise/judgement.h"
#include "elementwise/points.h"

namespace tandem::testing {

namespace {

// Beside the special numbers.
constexpr std::size_t random_count = 101;

ndarray vector_of(const column& values) { return array_of(values, {static_cast<std::int64_t>(values.size())}); }

::testing::AssertionResult judge(const op_and_dtype& c, const std::vector<column>& operands, const ndarray& given,
                                 double extra_ulp) {
  const column result = column_of(given);
  if (result.type() != result_type_of(*c.r, c.type) || result.size() != operands[0].size()) {
    return ::testing::AssertionFailure() << "is " << result.size() << " elements of " << name(result.type());
  }
  // What a row calls exact is exact everywhere.
  const double extra = c.r->ulp > 0 && is_floating(c.type) ? extra_ulp : 0;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::optional<expected> wanted = reference(*c.r, operands, i);
    if (!wanted) return ::testing::AssertionFailure() << "there is no reference";
    const double error = error_at(c, result, i, *wanted);
    const double bound = bound_for(c, operands, i) + extra;
    if (error <= bound + 0.001) continue;
    std::string text;
    for (const column& each : operands) text += (text.empty() ? "" : ", ") + text_at(each, i);
    return ::testing::AssertionFailure() << "of " << text << " is " << text_at(result, i) << ", expected "
                                         << text_of(*wanted) << ": " << error << " ulp, bound " << bound;
  }
  return ::testing::AssertionSuccess();
}

posed pose_operation(const op_and_dtype& c, random_numbers& random) {
  random_bits bits(random.bits());
  const std::vector<column> operands = make_operands(*c.r, c.type, random_count, bits);
  std::vector<ndarray> arrays;
  for (const column& each : operands) arrays.push_back(vector_of(each));
  return {expression(c.r->which, arrays), std::nullopt,
          [c, operands](const ndarray& result, double extra_ulp) { return judge(c, operands, result, extra_ulp); }};
}

::testing::AssertionResult judge_conversion(const column& values, dtype to, const ndarray& given) {
  const column result = column_of(given);
  if (result.type() != to || result.size() != values.size()) {
    return ::testing::AssertionFailure() << "is " << result.size() << " elements of " << name(result.type());
  }
  return with_element(to, [&]<class To>(To) -> ::testing::AssertionResult {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const To wanted = reference_conversion<To>(number_at(values, i));
      if (same(result.get<To>(i), wanted)) continue;
      return ::testing::AssertionFailure()
             << text_at(values, i) << " is " << text_at(result, i) << ", expected " << text_of(wanted);
    }
    return ::testing::AssertionSuccess();
  });
}

posed pose_conversion(dtype from, dtype to, random_numbers& random) {
  random_bits bits(random.bits());
  column values(from);
  with_element(from, [&]<class From>(From) {
    for (const From value : values_to_convert<From>(bits)) values.push(value);
  });
  return {astype(vector_of(values), to), std::nullopt,
          [values, to](const ndarray& result, double) { return judge_conversion(values, to, result); }};
}

}  // namespace

std::vector<contract_case> elementwise_cases() {
  std::vector<contract_case> list;
  for (const op_and_dtype& c : all_ops_and_dtypes()) {
    list.push_back({std::string(c.r->name) + " of " + std::string(name(c.type)),
                    [c](random_numbers& random) { return pose_operation(c, random); }});
  }
  return list;
}

std::vector<contract_case> conversion_cases() {
  std::vector<contract_case> list;
  for (const dtype from : all_dtypes) {
    for (const dtype to : all_dtypes) {
      if (from == to || (is_complex(from) && !is_complex(to) && !is_boolean(to))) continue;
      list.push_back({std::string(name(from)) + " to " + std::string(name(to)),
                      [from, to](random_numbers& random) { return pose_conversion(from, to, random); }});
    }
  }
  return list;
}

}  // namespace tandem::testing
