#include "plan/task.h"

#include <gtest/gtest.h>

#include <tandem/tandem.h>

#include "ops/compile.h"

// What programs are taken for, counted by hand.
namespace tandem::plan {
namespace {

stage_task only_stage_of(const expr& what) {
  const task made = task_of(ops::compile(what.node()).code);
  EXPECT_EQ(made.stages.size(), 1U);
  return made.stages.front();
}
double count(const stage_task& of, work_class which) { return of.operations[static_cast<std::size_t>(which)]; }

TEST(Task, NarrowElementsShareALane) {
  for (const auto& [type, share] : {std::pair{int8, 0.25}, std::pair{uint16, 0.5}, std::pair{int32, 1.0},
                                    std::pair{float32, 1.0}, std::pair{float64, 1.0}}) {
    const ndarray a = ones({10, 10}, type);
    EXPECT_EQ(count(only_stage_of(a + a), work_class::arithmetic), 100 * share) << name(type);
  }
  const ndarray narrow = ones({100}, int8);
  EXPECT_EQ(count(only_stage_of(astype(narrow, float64)), work_class::arithmetic), 100) << "to 8 bytes";
  EXPECT_EQ(count(only_stage_of(narrow < narrow), work_class::arithmetic), 25);
  EXPECT_EQ(count(only_stage_of(exp(astype(narrow, float32))), work_class::special), 2000) << "not of functions";
}

TEST(Task, ElementsThatAreApartMoveWholeLines) {
  const ndarray a = ones({64, 64});
  const auto moved = [](const expr& what) { return only_stage_of(what).bytes; };
  EXPECT_EQ(moved(expr(a) * 2), 2 * 64 * 64 * 8);
  // Each second element: 1024 of them, 8 bytes beside each.
  const stage_task apart = only_stage_of(a(slice(none, none, 2), slice(none, none, 2)) * 2);
  EXPECT_EQ(apart.bytes, 1024 * (2 * 8) + 1024 * 8);
  EXPECT_EQ(count(apart, work_class::gathering), 1024);
  EXPECT_EQ(count(apart, work_class::transposing), 0);
  // A column: a line for each.
  EXPECT_EQ(moved(a(all, 3) * 2), 64 * 64 + 64 * 8);
  // Backwards, and broadcast: nothing is left out.
  EXPECT_EQ(moved(a(all, slice(none, none, -1)) * 2), 2 * 64 * 64 * 8);
  EXPECT_EQ(moved(a + a(0)), 2 * 64 * 64 * 8 + 64 * 8);
}

TEST(Task, OtherAxesAreTransposed) {
  const ndarray a = ones({64, 32});
  const ndarray b = ones({32, 64});
  const stage_task sum = only_stage_of(a + b.transposed());
  EXPECT_EQ(count(sum, work_class::transposing), 64 * 32);
  EXPECT_EQ(count(sum, work_class::gathering), 0);
  EXPECT_EQ(sum.bytes, 3 * 64 * 32 * 8);
  EXPECT_EQ(sum.main, work_class::arithmetic);
  const ndarray target = empty({64, 32});
  const task copy = task_of(ops::compile_into(expr(b.transposed()).node(), target.layout()).code);
  ASSERT_EQ(copy.stages.size(), 1U);
  EXPECT_EQ(copy.stages.front().main, work_class::transposing);
}

TEST(Task, ScansCarryRowsOrElements) {
  const ndarray a = ones({100, 100});
  const stage_task along = only_stage_of(cumulative_sum(a, {.axis = 1}));
  EXPECT_EQ(count(along, work_class::scan), 10000);
  const stage_task across = only_stage_of(cumulative_sum(a, {.axis = 0}));
  EXPECT_EQ(count(across, work_class::scan), 0);
  EXPECT_EQ(count(across, work_class::arithmetic), 10000);
  EXPECT_EQ(across.main, work_class::arithmetic);
  const stage_task narrow = only_stage_of(cumulative_sum(ones({100, 4}), {.axis = 0}));
  EXPECT_EQ(count(narrow, work_class::scan), 400) << "rows of 4 fill no register";
}

}  // namespace
}  // namespace tandem::plan
