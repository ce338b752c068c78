#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include <tandem/decisions.h>
#include <tandem/whatif.h>

#include "planning/candidates.h"
#include "support/elements.h"
#include "support/temporary_folder.h"

// How evaluations are told apart where the call does not say its place in the code.
namespace tandem::testing {
namespace {

// What another machine would do for `work`, by a log of this process.
template <class Work>
whatif_report report_of(Work&& work) {
  const temporary_folder folder;
  const std::string log = folder / "decisions";
  set_decision_log(log);
  work();
  set_decision_log("");
  return whatif(log, device::simulated("h200"));
}

TEST(Sites, ALoopWithAnotherConstantEachTimeIsOne) {
  const ndarray a = ones({1000});
  ndarray made = a;
  const whatif_report found = report_of([&] {
    for (int i = 0; i < 20; ++i) made = a * (0.5 - i) + 1e-7 * i;
  });
  ASSERT_EQ(found.sites.size(), 1U) << to_string(found);
  EXPECT_EQ(found.sites[0].evaluations, 20);
  EXPECT_TRUE(mentions(found.sites[0].expression, {"float64 (1000,)", "0.5"})) << found.sites[0].expression;
}

TEST(Sites, ShapesAndAxesTellThemApart) {
  const ndarray a = ones({30, 20});
  const ndarray b = ones({20, 30});
  ndarray made = a;
  const whatif_report found = report_of([&] {
    for (int i = 0; i < 3; ++i) {
      made = a * i;
      made = b * i;
      made = sum(a * i, {.axis = 0});
      made = sum(a * i, {.axis = 1});
    }
  });
  EXPECT_EQ(found.sites.size(), 4U) << to_string(found);
  EXPECT_TRUE(std::ranges::all_of(found.sites, [](const whatif_site& each) { return each.evaluations == 3; }));
}

}  // namespace
}  // namespace tandem::testing
