#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// The part of the permitted cores that an evaluation has inside parallel work of the application.
namespace tandem::testing {
namespace {

// Whatever the environment says, here nothing above the cores decides.
constexpr policy all_cores{.workers = all_permitted_cores};

int permitted() { return machine_info().permitted_cores; }
int share_of(int cores, int width) { return std::max(cores / width, 1); }

TEST(Share, OutsideOfParallelWorkIsWhatThePolicySays) {
  EXPECT_EQ(workers_of_this_thread(all_cores), permitted());
  EXPECT_EQ(workers_of_this_thread({.workers = automatic_workers}), permitted());
  for (const int workers : {1, 2, 7, max_workers}) EXPECT_EQ(workers_of_this_thread({.workers = workers}), workers);
  EXPECT_THROW(workers_of_this_thread({.workers = 0}), policy_error);
}

TEST(Share, InARegionIsThePermittedCoresByItsWidth) {
  const int cores = permitted();
  for (const int width : {1, 2, 3, 4, 8}) {
    std::atomic<int> wrong{0};
    std::atomic<int> members{0};
#pragma omp parallel num_threads(width)
    {
      ++members;
      const int expected = share_of(cores, omp_get_num_threads());
      if (workers_of_this_thread(all_cores) != expected) ++wrong;
      if (workers_of_this_thread({.workers = automatic_workers}) != expected) ++wrong;
      // More than the share is not to be had; less is.
      if (workers_of_this_thread({.workers = 1000}) != expected) ++wrong;
      if (workers_of_this_thread({.workers = 1}) != 1) ++wrong;
      const scoped_policy scope({.workers = expected + 1});
      if (workers_of_this_thread() != expected) ++wrong;
    }
    EXPECT_EQ(members, width);
    EXPECT_EQ(wrong, 0) << width;
    EXPECT_EQ(workers_of_this_thread(all_cores), cores) << "after the region";
    EXPECT_EQ(workers_of_this_thread({.workers = 1000}), 1000);
  }
}

TEST(Share, InNestedRegionsIsDividedByEach) {
  const int cores = permitted();
  const int levels = omp_get_max_active_levels();
  omp_set_max_active_levels(3);
  std::atomic<int> wrong{0};
  std::atomic<int> inner_members{0};
#pragma omp parallel num_threads(2)
  {
#pragma omp parallel num_threads(3)
    {
      ++inner_members;
      if (workers_of_this_thread(all_cores) != share_of(cores, 6)) ++wrong;
    }
    if (workers_of_this_thread(all_cores) != share_of(cores, 2)) ++wrong;
  }
  omp_set_max_active_levels(levels);
  EXPECT_EQ(inner_members, 6);
  EXPECT_EQ(wrong, 0);
}

TEST(Share, OfAThreadThatDeclaresItself) {
  const int cores = permitted();
  for (const int outer : {1, 2, 3, 100}) {
    std::thread([&] {
      EXPECT_EQ(workers_of_this_thread(all_cores), cores);
      {
        const scoped_share share(outer);
        EXPECT_EQ(workers_of_this_thread(all_cores), share_of(cores, outer));
        EXPECT_EQ(workers_of_this_thread({.workers = 1000}), share_of(cores, outer));
        EXPECT_EQ(workers_of_this_thread({.workers = 1}), 1);
        {
          const scoped_share inner(2);
          EXPECT_EQ(workers_of_this_thread(all_cores), share_of(share_of(cores, outer), 2));
          EXPECT_THROW(scoped_share(0), policy_error);
          EXPECT_EQ(workers_of_this_thread(all_cores), share_of(share_of(cores, outer), 2));
        }
        EXPECT_EQ(workers_of_this_thread(all_cores), share_of(cores, outer));
      }
      EXPECT_EQ(workers_of_this_thread(all_cores), cores);
      EXPECT_EQ(workers_of_this_thread({.workers = 1000}), 1000);
    }).join();
  }
  EXPECT_EQ(workers_of_this_thread(all_cores), cores) << "shares are a thread's own";
}

TEST(Share, RefusesImpossibleWidths) {
  const int before = workers_of_this_thread({.workers = 1000});
  for (const int outer : {0, -1, INT32_MIN}) {
    EXPECT_TRUE(mentions(text_of<policy_error>([&] { const scoped_share share(outer); }),
                         {"scoped_share", std::to_string(outer).c_str(), "at least 1"}));
  }
  EXPECT_EQ(workers_of_this_thread({.workers = 1000}), before);
}

// A region in a thread that has a share divides the share; a share in a region, the region's.
TEST(Share, AndRegionsMultiply) {
  const int cores = permitted();
  std::atomic<int> wrong{0};
  {
    const scoped_share share(2);
#pragma omp parallel num_threads(2)
    {
      // The declaration is the thread's own: the others of its team know of the region alone.
      const int before = omp_get_thread_num() == 0 ? share_of(cores, 2) : cores;
      if (workers_of_this_thread(all_cores) != share_of(before, 2)) ++wrong;
    }
    EXPECT_EQ(workers_of_this_thread(all_cores), share_of(cores, 2));
  }
  EXPECT_EQ(wrong, 0);
#pragma omp parallel num_threads(2)
  {
    const scoped_share share(2);
    if (workers_of_this_thread(all_cores) != share_of(share_of(cores, 2), 2)) ++wrong;
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(workers_of_this_thread(all_cores), cores);
}

TEST(Share, EndsWithAnException) {
  try {
    const scoped_share share(2);
    throw std::runtime_error("leave");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(workers_of_this_thread({.workers = 1000}), 1000);
}

}  // namespace
}  // namespace tandem::testing
