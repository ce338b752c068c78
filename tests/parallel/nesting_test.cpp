#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <set>
#include <thread>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// What functions of the user find inside of parallel work: the policy of their caller and a share of its workers; and
// what becomes of a process that they fork.
namespace {

using namespace tandem;
using tandem::testing::mentions;

constexpr int items = 64;

// The workers that functions inside have, with all of `workers` at work before one looks.
std::set<int> shares(int workers, std::int64_t count, const policy& inside = {}) {
  const ndarray found = parallel_map(count, [&](std::int64_t) { return workers_of_this_thread(inside); },
                                     {.chunk = 1, .rules = {.workers = workers}});
  const std::vector<int> each = found.to_vector<int>();
  return {each.begin(), each.end()};
}

TEST(Nesting, EachHasItsShareOfTheWorkers) {
  EXPECT_EQ(shares(1, items), std::set<int>{1});
  EXPECT_EQ(shares(2, items), std::set<int>{1});
  EXPECT_EQ(shares(4, items), std::set<int>{1});
  EXPECT_EQ(shares(4, 2), std::set<int>{2});
  EXPECT_EQ(shares(4, 3), std::set<int>{1});
  EXPECT_EQ(shares(6, 2), std::set<int>{3});
  EXPECT_EQ(shares(4, 1), std::set<int>{4});
}

TEST(Nesting, ANumberInsideIsNoMoreThanTheShare) {
  EXPECT_EQ(shares(4, 2, {.workers = 8}), std::set<int>{2});
  EXPECT_EQ(shares(4, 2, {.workers = 1}), std::set<int>{1});
  EXPECT_EQ(shares(4, 2, {.workers = -1}), std::set<int>{2});
}

TEST(Nesting, GoesOnInward) {
  std::atomic<int> wrong{0};
  parallel_for(2,
               [&](std::int64_t) {
                 if (workers_of_this_thread() != 4) ++wrong;
                 parallel_for(2,
                              [&](std::int64_t) {
                                if (workers_of_this_thread() != 2) ++wrong;
                                parallel_for(5,
                                             [&](std::int64_t) {
                                               if (workers_of_this_thread() != 1) ++wrong;
                                             },
                                             {.chunk = 1});
                              },
                              {.chunk = 1});
                 if (workers_of_this_thread() != 4) ++wrong;
               },
               {.chunk = 1, .rules = {.workers = 8}});
  EXPECT_EQ(wrong, 0);
}

TEST(Nesting, WorkIsRightAndAsWideAsTheShare) {
  const ndarray a = reshape(arange(300 * 300) % 7, {300, 300});
  const ndarray x = astype(a, float64);
  const ndarray expected = eval(matmul(x, x) + 1.0, {.workers = 1});
  const ndarray large = ones({1'000'000});
  parallel_for(16,
               [&](std::int64_t) {
                 const ndarray product = matmul(x, x) + 1.0;
                 if (!ndarray(all(equal(product, expected))).item<bool>()) throw std::runtime_error("product");
                 if (ndarray(sum(large * 2.0 + 1.0)).item<double>() != 3e6) throw std::runtime_error("loop");
               },
               {.chunk = 1, .rules = {.workers = 4}});
}

TEST(Nesting, FunctionsHaveThePolicyOfTheirCaller) {
  progress counter;
  const scoped_policy outer({.host_memory_bytes = 1 << 30, .progress = &counter});
  const auto wrong = [&](const resolved_policy& found) {
    return found.host_memory_bytes.value != 1 << 30 || found.host_memory_bytes.layer != policy_layer::scope ||
           found.determinism.value != determinism::relaxed || found.progress.value != &counter;
  };
  std::atomic<int> errors{0};
  parallel_for(items,
               [&](std::int64_t i) {
                 if (wrong(policy_of_this_thread())) ++errors;
                 // A scope inside is the function's own.
                 const scoped_policy inner({.host_memory_bytes = i + 5});
                 if (policy_of_this_thread().host_memory_bytes.value != i + 5) ++errors;
               },
               {.chunk = 1, .rules = {.workers = 4, .determinism = determinism::relaxed}});
  EXPECT_EQ(errors, 0);
  EXPECT_EQ(policy_of_this_thread().determinism.value, determinism::repeatable);
  for (auto& [index, value] : parallel_imap(items, [&](std::int64_t) { return wrong(policy_of_this_thread()); },
                                            {.rules = {.workers = 3, .determinism = determinism::relaxed}})) {
    EXPECT_FALSE(value) << index;
  }
}

TEST(Nesting, AMemoryLimitHoldsInside) {
  const scoped_policy small({.host_memory_bytes = 1000});
  EXPECT_THROW(
      parallel_for(4, [](std::int64_t) { static_cast<void>(eval(expr(2.0) * broadcast_to(expr(1.0), {1000}))); },
                   {.rules = {.workers = 2}}),
      out_of_memory);
}

// Waits for a child; -1 for one that does not end within ten seconds, which is killed.
int status_of(pid_t child) {
  for (int i = 0; i < 1000; ++i) {
    int status = 0;
    if (waitpid(child, &status, WNOHANG) == child) return status;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return -1;
}

TEST(ForkInside, EvaluationsAreErrorsInTheChild) {
  const ndarray x = ones({100'000});
  std::atomic<int> bad{0};
  std::atomic<int> waiting{0};
  parallel_for(2,
               [&](std::int64_t) {
                 ++waiting;
                 while (waiting < 2) std::this_thread::yield();  // both threads of the team fork
                 const pid_t child = fork();
                 if (child == 0) {
                   int errors = 0;
                   try {
                     static_cast<void>(eval(x + 1.0));
                   } catch (const policy_error& error) {
                     if (mentions(error.what(), {"fork", "parallel_for", "exec"})) ++errors;
                   }
                   try {
                     parallel_for(10, [](std::int64_t) {});
                   } catch (const policy_error&) {
                     ++errors;
                   }
                   try {
                     parallel_for(1, [](std::int64_t) {}, {.rules = {.workers = 1}});
                   } catch (const policy_error&) {
                     ++errors;
                   }
                   _exit(errors);
                 }
                 const int status = status_of(child);
                 if (!WIFEXITED(status) || WEXITSTATUS(status) != 3) ++bad;
               },
               {.chunk = 1, .rules = {.workers = 2}});
  EXPECT_EQ(bad, 0);
}

TEST(ForkInside, AFunctionThatReturnsInTheChildEndsIt) {
  std::atomic<int> bad{0};
  parallel_for(4,
               [&](std::int64_t i) {
                 const pid_t child = fork();
                 if (child == 0) {
                   std::set_terminate([] { _exit(77); });
                   if (i % 2 == 1) throw std::runtime_error("goes nowhere");
                   return;
                 }
                 const int status = status_of(child);
                 if (!WIFEXITED(status) || WEXITSTATUS(status) != 77) ++bad;
               },
               {.chunk = 1, .rules = {.workers = 2}});
  EXPECT_EQ(bad, 0);
}

TEST(ForkInside, AFunctionOfAnImapThatReturnsInTheChildEndsItToo) {
  for (const int workers : {1, 2}) {
    for (auto& [index, status] : parallel_imap(4,
                                               [](std::int64_t) {
                                                 const pid_t child = fork();
                                                 if (child == 0) {
                                                   std::set_terminate([] { _exit(77); });
                                                   return 0;
                                                 }
                                                 return status_of(child);
                                               },
                                               {.rules = {.workers = workers}})) {
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 77) << status << " with " << workers << " workers";
    }
  }
}

TEST(ForkInside, ExecAndExitWork) {
  parallel_for(8,
               [&](std::int64_t) {
                 const pid_t child = fork();
                 if (child == 0) {
                   execl("/bin/true", "true", static_cast<char*>(nullptr));
                   _exit(1);
                 }
                 if (status_of(child) != 0) throw std::runtime_error("exec");
               },
               {.chunk = 1, .rules = {.workers = 2}});
}

TEST(ForkInside, OneWorkerHasNoTeamToLose) {
  parallel_for(2,
               [&](std::int64_t) {
                 const pid_t child = fork();
                 if (child == 0) {
                   _exit(ndarray(sum(ones({100'000}))).item<double>() == 100'000 ? 0 : 1);
                 }
                 if (status_of(child) != 0) throw std::runtime_error("child");
               },
               {.rules = {.workers = 1}});
}

TEST(ForkInside, TheReaderOfAnImapHasNothingToReadInTheChild) {
  auto results = parallel_imap(1000, [](std::int64_t i) { return i; }, {.rules = {.workers = 2}});
  auto at = results.begin();
  const pid_t child = fork();
  if (child == 0) {
    int errors = 0;
    try {
      ++at;
    } catch (const policy_error&) {
      errors = 1;
    }
    {
      const auto gone = std::move(results);
    }  // its end must not wait for threads that are not there
    _exit(ndarray(sum(ones({100'000}))).item<double>() == 100'000 ? errors : 9);
  }
  const int status = status_of(child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
  std::int64_t sum_of = 0;
  for (; at != results.end(); ++at) sum_of += at->value;
  EXPECT_EQ(sum_of, 499'500);
}

}  // namespace
