#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "pool/task_list.h"
#include "support/elements.h"

// Never more runnable threads than the policy's workers, counted in the system's list of threads.
namespace tandem::testing {
namespace {

// A worker that has ended its part is runnable for another millisecond, in which it looks for more, and longer where it
// waits for a core to do so. In 400 ms after a change from more workers to fewer, that is far less than this share of
// the samples; libomp's own 200 ms, were they left to it, would be half of them.
constexpr double tolerated = 0.1;
constexpr auto phase = std::chrono::milliseconds(400);

// Work of each kind that has several workers, and its right answer.
class mixed_work {
 public:
  mixed_work()
      : a_(eval(astype(reshape(arange(600 * 600) % 7, {600, 600}), float64))),
        z_(eval(astype(a_(slice(0, 200), slice(0, 200)), complex128))),
        sum_(eval(sum(a_), {.workers = 1})),
        chain_(eval(expr(a_) * 3 - a_ + 1, {.workers = 1})),
        product_(eval(matmul(a_(all, slice(0, 200)), a_(slice(0, 200))), {.workers = 1})),
        complex_(eval(matmul(z_, z_), {.workers = 1})) {}

  bool loop() const { return same(eval(expr(a_) * 3 - a_ + 1), chain_); }
  bool reduction() const { return same(eval(sum(expr(a_))), sum_); }
  bool product() const { return same(eval(matmul(a_(all, slice(0, 200)), a_(slice(0, 200)))), product_); }
  bool blas() const { return same(eval(matmul(z_, z_)), complex_); }
  bool each() const { return loop() && blas() && reduction() && product(); }

 private:
  static bool same(const ndarray& given, const ndarray& expected) {
    return eval(all_of(given == expected), {.workers = 1}).item<bool>();
  }
  static expr all_of(const expr& what) { return tandem::all(what); }

  ndarray a_;
  ndarray z_;
  ndarray sum_;
  ndarray chain_;
  ndarray product_;
  ndarray complex_;
};

// Does the work again and again for a phase; how often it was wrong.
template <class Work>
int repeat(Work&& work) {
  int wrong = 0;
  const auto end = std::chrono::steady_clock::now() + phase;
  while (std::chrono::steady_clock::now() < end) {
    if (!work()) ++wrong;
  }
  return wrong;
}

void expect_within(const thread_samples& seen, int allowed) {
  EXPECT_GT(seen.all, 5);
  EXPECT_LE(seen.share_over(), tolerated) << seen.over << " of " << seen.all << " samples found more than " << allowed
                                          << " runnable threads, the most " << seen.most;
}

std::vector<std::pair<std::string, std::function<bool(const mixed_work&)>>> kinds() {
  return {{"loops", [](const mixed_work& all) { return all.loop(); }},
          {"reductions", [](const mixed_work& all) { return all.reduction(); }},
          {"products", [](const mixed_work& all) { return all.product(); }},
          {"BLAS", [](const mixed_work& all) { return all.blas(); }},
          {"all in turn", [](const mixed_work& all) { return all.each(); }}};
}

TEST(RunnableThreads, AreThePolicysWorkersAtMost) {
  const mixed_work work;
  ASSERT_TRUE(wait_until_others_sleep());
  thread_watch watch;
  for (const auto& [title, kind] : kinds()) {
    for (const int workers : {4, 1, 2}) {
      SCOPED_TRACE(title + ", " + std::to_string(workers) + " workers");
      const scoped_policy scope({.workers = workers});
      int wrong = 0;
      const thread_samples seen = watch.during(workers, [&] { wrong = repeat([&] { return kind(work); }); });
      EXPECT_EQ(wrong, 0);
      expect_within(seen, workers);
      if (workers == 1) continue;
      EXPECT_GT(seen.most, 1) << "nothing was shared out";
    }
  }
}

// The workers that one call's policy asks for do not linger in the next one's time.
TEST(RunnableThreads, FollowEachCallsPolicy) {
  const mixed_work work;
  ASSERT_TRUE(wait_until_others_sleep());
  thread_watch watch;
  const ndarray a = ones({600, 600});
  for (int round = 0; round < 3; ++round) {
    static_cast<void>(eval(sum(expr(a) * 2), {.workers = 4}));
    const scoped_policy scope({.workers = 1});
    expect_within(watch.during(1, [&] { EXPECT_EQ(repeat([&] { return work.each(); }), 0); }), 1);
  }
}

TEST(RunnableThreads, AreNoneWhenNothingIsDone) {
  const mixed_work work;
  ASSERT_TRUE(wait_until_others_sleep());
  thread_watch watch;
  {
    const scoped_policy scope({.workers = 4});
    EXPECT_TRUE(work.each());
  }
  const thread_samples seen = watch.during(1, [] { std::this_thread::sleep_for(phase); });
  expect_within(seen, 1);
}

// A process with more threads than cores, each of them new to OpenMP.
TEST(RunnableThreads, AreNoneWhenManyThreadsHaveEvaluated) {
  const mixed_work work;
  ASSERT_TRUE(wait_until_others_sleep());
  thread_watch watch;
  std::latch evaluated(5);
  std::latch seen_asleep(1);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const scoped_policy scope({.workers = 4});
      for (int round = 0; round < 3; ++round) wrong += work.each() ? 0 : 1;
      evaluated.count_down();
      seen_asleep.wait();
    });
  }
  evaluated.arrive_and_wait();
  expect_within(watch.during(1, [] { std::this_thread::sleep_for(phase); }), 1);
  seen_asleep.count_down();
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(wrong, 0);
}

// In the application's own parallel regions evaluations have their shares: together as many as the permitted cores.
TEST(RunnableThreads, OfAnApplicationsRegionArePermittedCoresAtMost) {
  const int cores = machine_info().permitted_cores;
  if (cores < 2) GTEST_SKIP() << "one core";
  const mixed_work work;
  ASSERT_TRUE(wait_until_others_sleep());
  thread_watch watch;
  for (const int width : {2, 1}) {
    SCOPED_TRACE(width);
    std::atomic<int> wrong{0};
    const scoped_policy scope({.workers = all_permitted_cores});
    const thread_samples seen = watch.during(cores, [&] {
#pragma omp parallel num_threads(width)
      wrong += repeat([&] { return work.each(); });
    });
    EXPECT_EQ(wrong, 0);
    expect_within(seen, cores);
    EXPECT_GT(seen.most, 1);
  }
}

TEST(RunnableThreads, OfThreadsWithSharesArePermittedCoresAtMost) {
  const int cores = machine_info().permitted_cores;
  if (cores < 2) GTEST_SKIP() << "one core";
  const mixed_work work;
  ASSERT_TRUE(wait_until_others_sleep());
  thread_watch watch;
  std::atomic<int> wrong{0};
  const thread_samples seen = watch.during(cores, [&] {
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&] {
        const scoped_share share(2);
        const scoped_policy scope({.workers = 8});
        wrong += repeat([&] { return work.each(); });
      });
    }
    for (std::thread& each : threads) each.join();
  });
  EXPECT_EQ(wrong, 0);
  expect_within(seen, cores);
}

// The first evaluation of a process measures what sharing out costs, with no more threads than it may have. Each runs
// in a process of its own. Workers, once made, stay: those that sleep count as well.
int threads_after_first_evaluation(const policy& call) {
  const ndarray a = ones({2000, 500}, float32);
  static_cast<void>(eval(sum(sin(a)), call));
  return threads_of_this_process();
}

TEST(RunnableThreads, OfAFirstEvaluationAreItsWorkers) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  using is = ::testing::ExitedWithCode;
  EXPECT_EXIT(
      {
        const scoped_policy scope({.workers = 1});
        _exit(threads_after_first_evaluation({}));
      },
      is(1), "");
  EXPECT_EXIT(
      {
        const scoped_policy scope({.workers = 2});
        _exit(threads_after_first_evaluation({}));
      },
      is(2), "");
  EXPECT_EXIT(
      {
        const scoped_share share(1024);
        _exit(threads_after_first_evaluation({.workers = all_permitted_cores}));
      },
      is(1), "");
}

}  // namespace
}  // namespace tandem::testing
