#include <gtest/gtest.h>

#include <vector>

#include "contract/cases.h"
#include "contract/running.h"
#include "cuda/runtime/background.h"
#include "cuda/runtime/gpu_executable.h"
#include "cuda/stand_in/device.h"
#include "cuda/stand_in/gpu.h"
#include "ops/compile.h"
#include "support/elements.h"

// Programs through the whole of the module. That kernels compute what they should is tested in tests/codegen; this is
// about a part of the contract's cases that has something of everything.
namespace tandem::testing {
namespace {

std::vector<contract_case> some_of(const named_family& family) {
  constexpr std::size_t most = 16;
  const std::vector<contract_case> all = family.cases();
  const std::size_t count = std::min(most, all.size());
  std::vector<contract_case> some;
  for (std::size_t i = 0; i < count; ++i) some.push_back(all[i * all.size() / count]);
  return some;
}

ops::program program_of(const posed& what) {
  return what.target ? ops::compile_into(what.value.node(), what.target->layout()).code
                     : ops::compile(what.value.node()).code;
}

std::vector<posed> poses_of(const named_family& family) {
  random_numbers random(20267);
  std::vector<posed> made;
  for (const contract_case& each : some_of(family)) made.push_back(each.pose(random));
  return made;
}

class StandInPrograms : public ::testing::TestWithParam<named_family> {
 protected:
  // All kernels of a family at once: one by one the compiler would take most of its time for headers.
  static void SetUpTestSuite() {
    std::vector<cuda::lowered_program> lowered;
    for (const named_family& family : families) {
      for (const posed& each : poses_of(family)) {
        lowered.push_back(cuda::lower(program_of(each), cuda::granularity::fused));
        lowered.push_back(cuda::lower(program_of(each), cuda::granularity::single));
      }
    }
    std::vector<const cuda::lowered_program*> all;
    for (const cuda::lowered_program& each : lowered) all.push_back(&each);
    stand_in::make_ready(all);
  }
};

TEST_P(StandInPrograms, AreComputed) {
  int count = 0;
  for (const posed& what : poses_of(GetParam())) {
    SCOPED_TRACE(some_of(GetParam())[static_cast<std::size_t>(count)].name);
    ++count;
    const outcome given = run_on(stand_in::device(), what.value, what.target);
    EXPECT_TRUE(given.operands_unharmed);
    EXPECT_TRUE(given.surroundings_unharmed);
    if (what.check) {
      EXPECT_TRUE(what.check(given.result, 4));
    } else {
      EXPECT_TRUE(same(given.result, run_on(backend::cpu(), what.value, what.target).result));
    }
  }
  EXPECT_GT(count, 0);
  stand_in::device().memory().synchronize();
  EXPECT_EQ(stand_in::device().memory().information().in_use_bytes, 0);
}

INSTANTIATE_TEST_SUITE_P(StandIn, StandInPrograms, ::testing::ValuesIn(families),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace tandem::testing
