#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <tuple>

#include "contract/cases.h"
#include "contract/fixtures.h"
#include "contract/running.h"
#include "support/elements.h"

// Every backend computes what the list of cases asks for, and leaves operands and what lies around a target alone.
namespace tandem::testing {
namespace {

constexpr int most_failures = 5;

class Programs : public ::testing::TestWithParam<std::tuple<fixture, named_family>> {};

::testing::AssertionResult judge(const fixture& where, const posed& what) {
  const outcome given = run_on(where.device(), what.value, what.target);
  if (!given.operands_unharmed) return ::testing::AssertionFailure() << "an operand was changed";
  if (!given.surroundings_unharmed) return ::testing::AssertionFailure() << "elements beside the target were changed";
  if (given.result.shape() != what.value.shape() || given.result.dtype() != what.value.dtype()) {
    return ::testing::AssertionFailure() << name(given.result.dtype()) << " " << to_string(given.result.shape())
                                         << ", expected " << name(what.value.dtype()) << " "
                                         << to_string(what.value.shape());
  }
  if (what.check) {
    if (auto verdict = what.check(given.result, where.extra_ulp); !verdict) return verdict;
  }
  if (what.check && (!where.same_bits_as_cpu || where.kind == "cpu")) return ::testing::AssertionSuccess();
  return same(given.result, run_on(backend::cpu(), what.value, what.target).result) << " (the CPU's result)";
}

TEST_P(Programs, AreComputed) {
  const auto& [where, family] = GetParam();
  if (const std::string why = where.why_missing(); !why.empty()) GTEST_SKIP() << why;
  random_numbers random(20263);
  int failures = 0;
  int count = 0;
  for (const contract_case& each : family.cases()) {
    ++count;
    const posed what = each.pose(random);
    const ::testing::AssertionResult verdict = judge(where, what);
    EXPECT_TRUE(verdict) << each.name;
    failures += verdict ? 0 : 1;
    if (failures == most_failures) break;
  }
  EXPECT_GT(count, 0);
  RecordProperty("cases", count);
  tests_by_kind()[std::string(where.kind)] += 1;
}

INSTANTIATE_TEST_SUITE_P(Contract, Programs,
                         ::testing::Combine(::testing::ValuesIn(fixtures()), ::testing::ValuesIn(families)),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param).name) + "_" +
                                  std::string(std::get<1>(test.param).name);
                         });

}  // namespace
}  // namespace tandem::testing
