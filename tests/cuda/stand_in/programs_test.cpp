#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "contract/cases.h"
#include "contract/running.h"
#include "cuda/codegen/lowered.h"
#include "cuda/stand_in/device.h"
#include "cuda/stand_in/gpu.h"
#include "ops/compile.h"
#include "support/elements.h"

// Programs through the whole of the module. That kernels compute what they should is tested in tests/codegen; this is
// about a part of the contract's cases that has something of everything.
namespace tandem::testing {
namespace {

ops::program program_of(const posed& what) {
  return what.target ? ops::compile_into(what.value.node(), what.target->layout()).code
                     : ops::compile(what.value.node()).code;
}

struct named_pose {
  std::string name;
  posed what;
};

/// At most so many cases, spread over a family's list.
std::vector<named_pose> poses_of(const named_family& family, std::size_t most) {
  const std::vector<contract_case> all = family.cases();
  const std::size_t count = std::min(most, all.size());
  random_numbers random(20267);
  std::vector<named_pose> list;
  for (std::size_t i = 0; i < count; ++i) {
    const contract_case& each = all[i * all.size() / count];
    list.push_back({each.name, each.pose(random)});
  }
  return list;
}

class StandInPrograms : public ::testing::TestWithParam<named_family> {
 protected:
  static void expect_computed(std::size_t most) {
    const std::vector<named_pose> poses = poses_of(GetParam(), most);
    ASSERT_FALSE(poses.empty());
    compile(poses);
    for (const auto& [name, what] : poses) {
      SCOPED_TRACE(name);
      const outcome given = run_on(stand_in::device(), what.value, what.target);
      EXPECT_TRUE(given.operands_unharmed);
      EXPECT_TRUE(given.surroundings_unharmed);
      if (what.check) {
        EXPECT_TRUE(what.check(given.result, fixtures().front().extra_ulp));
      } else {
        EXPECT_TRUE(same(given.result, run_on(backend::cpu(), what.value, what.target).result));
      }
    }
    stand_in::device().memory().synchronize();
    EXPECT_EQ(stand_in::device().memory().information().in_use_bytes, 0);
  }

 private:
  /// All kernels at once: one by one the compiler would take most of its time for headers.
  static void compile(const std::vector<named_pose>& poses) {
    std::vector<cuda::lowered_program> lowered;
    for (const named_pose& each : poses) {
      lowered.push_back(cuda::lower(program_of(each.what), cuda::granularity::fused));
    }
    std::vector<const cuda::lowered_program*> all;
    for (const cuda::lowered_program& each : lowered) all.push_back(&each);
    stand_in::make_ready(all);
  }
};

TEST_P(StandInPrograms, AreComputed) { expect_computed(16); }

// Minutes, for the compiler: with the exhaustive ones.
TEST_P(StandInPrograms, DISABLED_AreAllComputed) { expect_computed(1'000'000); }

INSTANTIATE_TEST_SUITE_P(StandIn, StandInPrograms, ::testing::ValuesIn(families),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace tandem::testing
