#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include <tandem/errors.h>
#include <tandem/simulation.h>

#include "contract/cases.h"
#include "contract/failing.h"
#include "contract/fixtures.h"
#include "contract/running.h"
#include "support/elements.h"

// Every allocation, every copy and every run of each kind of work failed in turn, on a simulated device.
namespace tandem::testing {
namespace {

constexpr const char* device_name = "sim:h200:7";
backend::backend& device() { return backend::simulated("h200:7"); }

/// Of each family, cases spread over its list.
std::vector<contract_case> some_of(const named_family& family) {
  constexpr std::size_t count = 24;
  const std::vector<contract_case> all = family.cases();
  std::vector<contract_case> some;
  for (std::size_t i = 0; i < count; ++i) some.push_back(all[i * all.size() / count]);
  return some;
}

class Failures : public ::testing::TestWithParam<named_family> {
 protected:
  void TearDown() override {
    repair_simulated_device(device_name);
    set_simulated_faults(device_name, {});
  }

  /// All is as if nothing had been asked for, and the work can be done.
  static void expect_recovered(const posed& what, const outcome& undisturbed) {
    device().memory().synchronize();
    EXPECT_EQ(device().memory().information().in_use_bytes, 0);
    const outcome again = run_on(device(), what.value, what.target);
    EXPECT_TRUE(same(again.result, undisturbed.result));
    EXPECT_TRUE(again.operands_unharmed);
  }
};

TEST_P(Failures, OfAnyAllocationLeaveEverythingUsable) {
  random_numbers random(20264);
  int failed = 0;
  for (const contract_case& each : some_of(GetParam())) {
    SCOPED_TRACE(each.name);
    const posed what = each.pose(random);
    const outcome undisturbed = run_on(device(), what.value, what.target);
    failed += fail_in_turn<out_of_memory>(
        device_name, &simulated_faults::fail_allocation, [&] { run_on(device(), what.value, what.target); },
        [&](const out_of_memory& error) {
          EXPECT_TRUE(mentions(error.what(), {device_name, "allocation"}));
          expect_recovered(what, undisturbed);
        });
  }
  EXPECT_GT(failed, 24);
}

TEST_P(Failures, OfAnyCopyLeaveEverythingUsable) {
  random_numbers random(20265);
  int failed = 0;
  for (const contract_case& each : some_of(GetParam())) {
    SCOPED_TRACE(each.name);
    const posed what = each.pose(random);
    const outcome undisturbed = run_on(device(), what.value, what.target);
    failed += fail_in_turn<device_error>(
        device_name, &simulated_faults::fail_copy, [&] { run_on(device(), what.value, what.target); },
        [&](const device_error& error) {
          EXPECT_TRUE(mentions(error.what(), {device_name, "copy"}));
          expect_recovered(what, undisturbed);
        });
  }
  EXPECT_GT(failed, 24);
}

TEST_P(Failures, OfARunBreakTheDeviceUntilItIsRepaired) {
  random_numbers random(20266);
  int failed = 0;
  for (const contract_case& each : some_of(GetParam())) {
    SCOPED_TRACE(each.name);
    const posed what = each.pose(random);
    const outcome undisturbed = run_on(device(), what.value, what.target);
    failed += fail_in_turn<device_error>(
        device_name, &simulated_faults::fail_run, [&] { run_on(device(), what.value, what.target); },
        [&](const device_error& error) {
          EXPECT_TRUE(mentions(error.what(), {device_name, "failed", "repaired"}));
          EXPECT_EQ(text_of<device_error>([] { device().memory().synchronize(); }), error.what());
          EXPECT_EQ(text_of<device_error>([&] { run_on(device(), what.value, what.target); }), error.what());
          repair_simulated_device(device_name);
          expect_recovered(what, undisturbed);
        });
  }
  EXPECT_GT(failed, 0);
}

INSTANTIATE_TEST_SUITE_P(Contract, Failures, ::testing::ValuesIn(families),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace tandem::testing
