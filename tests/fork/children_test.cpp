#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <string>
#include <thread>

#include <tandem/tandem.h>

#include "fork/children.h"
#include "fork/work.h"

// A child of fork() goes on with what its parent began: loops, products and memory, with several workers.
namespace tandem::testing {
namespace {

constexpr policy two{.workers = 2};

TEST(Fork, AChildThatHangsOrIsWrongIsNoticed) {
  EXPECT_EQ(in_child([] { return true; }), "");
  EXPECT_EQ(in_child([] { return false; }), "it had wrong results");
  EXPECT_EQ(in_child([]() -> bool { throw 1; }), "it ended with status 2");
  EXPECT_EQ(in_child([]() -> bool { abort(); }), "signal 6 ended it");
  EXPECT_EQ(in_child([] { return sleep(60) == 0; }),
            "it took more than " + std::to_string(child_limit.count()) + " ms");
}

TEST(Fork, AChildOfAParentThatDidNothing) {
  // The parent may have done something in another test; alone, or in this order, it has not.
  EXPECT_EQ(in_child([] { return fork_work().each(two); }), "");
}

TEST(Fork, AChildDoesEachKindOfWork) {
  const fork_work work;
  ASSERT_TRUE(work.each(two));
  EXPECT_EQ(in_child([&] { return work.loop(two); }), "");
  EXPECT_EQ(in_child([&] { return work.reduction(two); }), "");
  EXPECT_EQ(in_child([&] { return work.product(two); }), "");
  EXPECT_EQ(in_child([&] { return work.blas(two); }), "");
  EXPECT_EQ(in_child([&] { return work.memory(); }), "");
  EXPECT_EQ(in_child([&] { return fork_work().each({.workers = 4}); }), "");
  EXPECT_TRUE(work.each(two));
}

TEST(Fork, AChildHasWorkersOfItsOwn) {
  const fork_work work;
  ASSERT_TRUE(work.each(two));
  EXPECT_EQ(in_child([&] {
              if (threads_of_this_process() != 1) return false;
              const bool right = work.loop(two);
              return right && threads_of_this_process() == 2;
            }),
            "");
  EXPECT_EQ(in_child([&] { return work.loop({.workers = 1}) && threads_of_this_process() == 1; }), "");
  EXPECT_EQ(in_child([&] { return work.blas({.workers = 3}) && threads_of_this_process() == 3; }), "");
}

TEST(Fork, ManyChildrenOneAfterTheOther) {
  const fork_work work;
  for (int i = 0; i < child_count; ++i) {
    const policy rules{.workers = 2 + i % 3};
    ASSERT_TRUE(work.each(rules));
    ASSERT_EQ(in_child([&] { return work.each(rules); }), "") << i;
  }
}

TEST(Fork, ChildrenOfChildrenOfChildren) {
  const fork_work work;
  const auto generation = [&](const auto& self, int left) -> bool {
    if (!work.each(two)) return false;
    if (left > 0 && in_child([&] { return self(self, left - 1); }) != "") return false;
    return work.each({.workers = 3});
  };
  for (int i = 0; i < child_count / 20; ++i) {
    ASSERT_EQ(in_child([&] { return generation(generation, 2); }), "") << i;
    ASSERT_TRUE(work.each(two));
  }
}

TEST(Fork, AChildMayChangeItsPolicies) {
  const fork_work work;
  set_default_policy({.workers = 3, .host_memory_bytes = 1 << 30});
  {
    const scoped_policy scope({.workers = 2});
    EXPECT_EQ(in_child([&] {
                if (policy_of_this_thread().workers.value != 2) return false;
                if (policy_of_this_thread().host_memory_bytes.value != 1 << 30) return false;
                set_default_policy({.workers = 4, .fast_math = true});
                if (!policy_of_this_thread().fast_math.value) return false;
                const scoped_policy inner({.workers = 4});
                return work.each({}) && threads_of_this_process() == 4;
              }),
              "");
    EXPECT_EQ(policy_of_this_thread().workers.value, 2);
  }
  EXPECT_EQ(policy_of_this_thread().workers.value, 3) << "the child's change is its own";
  set_default_policy({});
}

TEST(Fork, AChildKeepsItsShare) {
  const fork_work work;
  const scoped_share share(2);
  const int before = workers_of_this_thread({.workers = 1000});
  EXPECT_EQ(in_child([&] { return workers_of_this_thread({.workers = 1000}) == before && work.each(two); }), "");
}

TEST(Fork, FromAThreadThatNeverEvaluated) {
  const fork_work work;
  ASSERT_TRUE(work.each(two));
  for (int i = 0; i < 10; ++i) {
    std::string outcome = "not run";
    std::thread([&] { outcome = in_child([&] { return work.each(two); }); }).join();
    ASSERT_EQ(outcome, "");
  }
}

TEST(Fork, FromAThreadThatEvaluates) {
  const fork_work work;
  for (int i = 0; i < 10; ++i) {
    std::string outcome = "not run";
    std::thread([&] {
      if (work.each({.workers = 3})) outcome = in_child([&] { return work.each(two); });
    }).join();
    ASSERT_EQ(outcome, "");
  }
}

// The region is not there in the child: its share is that of a thread outside of regions, and its own regions count.
TEST(Fork, FromAnApplicationsRegion) {
  const fork_work work;
  const int cores = machine_info().permitted_cores;
  std::string outcome = "not run";
#pragma omp parallel num_threads(2)
  if (omp_get_thread_num() == 0) {
    const scoped_share share(1);
    outcome = in_child([&] {
      if (!work.each({.workers = 2})) return false;
      int inner = 0;
#pragma omp parallel num_threads(2)
#pragma omp single
      inner = workers_of_this_thread({.workers = all_permitted_cores});
      return inner == std::max(std::max(cores / 2, 1) / 2, 1);
    });
  }
  EXPECT_EQ(outcome, "");
}

TEST(Fork, AChildUsesArraysAndResultsOfItsParent) {
  const ndarray a = full({60000}, 2.0);
  const expr kept = expr(a) * 3;
  static_cast<void>(eval(kept, two));
  EXPECT_EQ(in_child([&] {
              if (eval(kept, two).at<double>({59999}) != 6) return false;
              a.assign(expr(a) + 1, two);
              ndarray other = eval(expr(a) * a, two);
              other = ndarray();
              return trim_host_memory() >= 0 && eval(sum(a), two).item<double>() == 180000;
            }),
            "");
  EXPECT_EQ(a.at<double>({59999}), 2);
}

// Run by CTest where it is asked for all: the ordinary tests have fewer.
TEST(Fork, DISABLED_TenThousandChildren) {
  const fork_work work;
  for (int i = 0; i < 10000; ++i) {
    const policy rules{.workers = 2 + i % 3};
    ASSERT_TRUE(i % 10 != 0 || work.each(rules));
    ASSERT_EQ(in_child([&] { return work.each(rules); }), "") << i;
  }
}

}  // namespace
}  // namespace tandem::testing
