#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <tandem/tandem.h>

#include "fork/children.h"
#include "fork/work.h"

// A process that forks while its other threads evaluate: whatever they hold at that moment is not there in the child.
namespace tandem::testing {
namespace {

// Does each kind of work in a thread of its own, without pause, while it lives.
class busy_threads {
 public:
  explicit busy_threads(const std::vector<std::function<bool()>>& kinds) {
    for (const auto& kind : kinds) {
      threads_.emplace_back([this, kind] {
        while (!ended_) {
          if (!kind()) ++wrong_;
          ++done_;
        }
      });
    }
  }
  ~busy_threads() { stop(); }
  busy_threads(const busy_threads&) = delete;
  busy_threads& operator=(const busy_threads&) = delete;

  void stop() {
    ended_ = true;
    for (std::thread& each : threads_) {
      if (each.joinable()) each.join();
    }
  }
  int wrong() const { return wrong_; }
  int done() const { return done_; }

 private:
  std::vector<std::thread> threads_;
  std::atomic<bool> ended_{false};
  std::atomic<int> wrong_{0};
  std::atomic<int> done_{0};
};

void fork_beside(const std::vector<std::function<bool()>>& kinds, const fork_work& work, int children) {
  busy_threads others(kinds);
  const int before = others.done();
  for (int i = 0; i < children; ++i) {
    const policy rules{.workers = 2 + i % 2};
    // What the others have at work in the parent takes nothing from the child.
    ASSERT_EQ(in_child([&] { return work.each(rules) && threads_of_this_process() == *rules.workers; }), "") << i;
    // Between forks the thread is at work itself, now and then.
    ASSERT_TRUE(i % 4 != 0 || work.loop(rules));
  }
  others.stop();
  EXPECT_EQ(others.wrong(), 0);
  EXPECT_GT(others.done(), before);
}

TEST(ForkOfABusyParent, BesideLoops) {
  const fork_work work;
  fork_beside({[&] { return work.loop({.workers = 2}); }, [&] { return work.reduction({.workers = 2}); }}, work,
              child_count / 10);
}

TEST(ForkOfABusyParent, BesideBlas) {
  const fork_work work;
  fork_beside({[&] { return work.blas({.workers = 2}); }, [&] { return work.blas({.workers = 1}); }}, work,
              child_count / 10);
}

// Calls of OpenBLAS that are over at once: of their time much is spent in its locks.
TEST(ForkOfABusyParent, BesideSmallProducts) {
  const fork_work work;
  std::vector<std::function<bool()>> kinds;
  for (const std::int64_t extent : {4, 12, 24}) {
    const ndarray z = full({extent, extent}, std::complex<double>(2, 0));
    const std::complex<double> expected(4.0 * static_cast<double>(extent));
    kinds.emplace_back(
        [=] { return *eval(matmul(z, z), {.workers = 1}).data<const std::complex<double>>() == expected; });
  }
  fork_beside(kinds, work, child_count / 10);
}

TEST(ForkOfABusyParent, BesideMemory) {
  const fork_work work;
  fork_beside({[&] { return work.memory(); }, [&] { return work.memory() && trim_host_memory() >= 0; }}, work,
              child_count / 10);
}

TEST(ForkOfABusyParent, BesideAllAtOnce) {
  const fork_work work;
  fork_beside({[&] { return work.each({.workers = 2}); }, [&] { return work.blas({.workers = 3}) && work.memory(); }},
              work, child_count);
}

TEST(ForkOfABusyParent, BesideThreadsThatComeAndGo) {
  const fork_work work;
  fork_beside({[&] {
                bool right = false;
                std::thread([&] { right = work.each({.workers = 2}); }).join();
                return right;
              }},
              work, child_count / 10);
}

TEST(ForkOfABusyParent, BesidePoliciesThatChange) {
  const fork_work work;
  fork_beside({[] {
                 set_default_policy({.host_memory_bytes = unlimited});
                 return default_policy().host_memory_bytes == unlimited;
               },
               [] { return policy_of_this_thread().host_memory_bytes.value == unlimited; }},
              work, child_count / 10);
  set_default_policy({});
}

// What the library makes when it is first needed, other threads are about to make: in a process of its own each time.
TEST(ForkOfABusyParent, BesideFirstEvaluations) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto forks_at_once = [] {
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    std::latch ready(4);
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        ready.arrive_and_wait();
        if (!fork_work().each({.workers = 2})) {
          std::fputs("a thread had wrong results\n", stderr);
          ++wrong;
        }
      });
    }
    ready.arrive_and_wait();
    for (int i = 0; i < 5; ++i) {
      const std::string outcome = in_child([] { return fork_work().each({.workers = 2}); });
      if (outcome == "") continue;
      std::fprintf(stderr, "child %d: %s\n", i, outcome.c_str());
      ++wrong;
    }
    for (std::thread& each : threads) each.join();
    return wrong == 0;
  };
  for (int i = 0; i < child_count / 20; ++i) {
    EXPECT_EXIT(_exit(forks_at_once() ? 0 : 1), ::testing::ExitedWithCode(0), "") << i;
  }
}

TEST(ForkOfABusyParent, BesideOtherForks) {
  const fork_work work;
  std::vector<std::string> outcomes(3);
  std::vector<std::thread> threads;
  for (std::string& outcome : outcomes) {
    threads.emplace_back([&] {
      for (int i = 0; i < child_count / 10 && outcome.empty(); ++i) {
        outcome = in_child([&] { return work.each({.workers = 2}); });
        if (outcome.empty() && !work.each({.workers = 2})) outcome = "the parent had wrong results";
      }
    });
  }
  for (std::thread& each : threads) each.join();
  for (const std::string& outcome : outcomes) EXPECT_EQ(outcome, "");
}

}  // namespace
}  // namespace tandem::testing
