#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// Expressions shared between threads.
namespace tandem::testing {
namespace {

constexpr int thread_count = 8;

// Runs `work(number)` in all threads at once, and passes on what one of them throws.
void in_threads(const std::function<void(int)>& work) {
  std::atomic<int> waiting{thread_count};
  std::vector<std::exception_ptr> failures(thread_count);
  std::vector<std::thread> threads;
  for (int number = 0; number < thread_count; ++number) {
    threads.emplace_back([&, number] {
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      try {
        work(number);
      } catch (...) {
        failures[static_cast<std::size_t>(number)] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

expr some_work(const ndarray& a, const ndarray& b) {
  const expr difference = expr(a) - mean(a, {.axis = 0});
  return sum(square(difference) * b, {.axis = 1}) + max(a, {.axis = 1}) - cumulative_sum(b(all, 0), {.axis = 0});
}

TEST(Threads, EvaluateOneExpression) {
  random_numbers random(351);
  for (int round = 0; round < 20; ++round) {
    const ndarray a = random_array(float64, {90, 70 + round}, random);
    const ndarray b = random_array(float64, {90, 70 + round}, random);
    const ndarray expected = eval(some_work(a, b), {.workers = 1});
    const expr shared = some_work(a, b);
    std::vector<std::optional<ndarray>> results(thread_count);
    in_threads(
        [&](int number) { results[static_cast<std::size_t>(number)] = eval(shared, {.workers = 1 + number % 3}); });
    for (const auto& result : results) ASSERT_TRUE(same(*result, expected));
    ASSERT_TRUE(same(eval(shared), expected));
  }
}

TEST(Threads, EvaluateExpressionsWithSharedParts) {
  random_numbers random(352);
  const ndarray a = random_array(int64, {300, 41}, random);
  const expr shared = expr(a) * 3 + 1;
  const ndarray plain = eval(expr(a) * 3 + 1);
  std::vector<std::optional<ndarray>> results(thread_count);
  in_threads([&](int number) {
    // The shared part is itself evaluated by some threads while others use it.
    if (number % 2 == 0) static_cast<void>(eval(shared));
    expr mine = shared;
    for (int i = 0; i < number; ++i) mine = mine + shared(all, slice(none, none, -1));
    results[static_cast<std::size_t>(number)] = eval(sum(mine, {.axis = 0}));
  });
  for (int number = 0; number < thread_count; ++number) {
    const expr expected =
        sum(expr(plain), {.axis = 0}) + sum(expr(plain)(all, slice(none, none, -1)), {.axis = 0}) * number;
    EXPECT_TRUE(same(*results[static_cast<std::size_t>(number)], expected)) << number;
  }
}

TEST(Threads, WorkOnTheirOwnArrays) {
  std::vector<std::int64_t> totals(thread_count);
  in_threads([&](int number) {
    ndarray mine = zeros({64, 65}, int64);
    for (int i = 0; i < 100; ++i) {
      mine += number + 1;
      mine(all, slice(1, none)) = mine(all, slice(none, -1));
      mine = eval(roll(mine, {1}, 0));
    }
    totals[static_cast<std::size_t>(number)] = eval(sum(mine)).item<std::int64_t>();
  });
  for (int number = 0; number < thread_count; ++number) {
    EXPECT_EQ(totals[static_cast<std::size_t>(number)], std::int64_t{100} * (number + 1) * 64 * 65);
  }
}

TEST(Threads, BuildCopyAndDropSharedExpressions) {
  const ndarray a = ones({1000});
  expr chain = a;
  for (int i = 0; i < 2000; ++i) chain = chain + a;
  in_threads([&](int number) {
    for (int i = 0; i < 20; ++i) {
      expr mine = chain;
      for (int k = 0; k < 50; ++k) mine = mine - number;
      const expr copy = mine;
      mine = expr(number);
      if (i == 19) {
        EXPECT_EQ(copy(7).shape().size(), 0);
        EXPECT_EQ(eval(copy(7)).item<double>(), 2001.0 - 50.0 * number);
      }
    }
  });
}

TEST(Threads, DropTheLastHandleAtOnce) {
  for (int round = 0; round < 200; ++round) {
    std::vector<std::optional<expr>> handles(thread_count);
    {
      expr chain = ones({2});
      for (int i = 0; i < 50; ++i) chain = chain * 2.0 + 1.0;
      for (auto& handle : handles) {
        handle = chain;
        chain = chain + 1.0;  // each handle holds a longer part of one chain
      }
    }
    in_threads([&](int number) { handles[static_cast<std::size_t>(number)].reset(); });
  }
}

TEST(Threads, MeetStaleOperandsAlike) {
  const ndarray a = ones({50, 50});
  const expr work = expr(a) * 2;
  a(0) = 3;
  std::atomic<int> refused{0};
  in_threads([&](int) {
    try {
      static_cast<void>(eval(work));
    } catch (const stale_expression&) {
      ++refused;
    }
  });
  EXPECT_EQ(refused, thread_count);
}

}  // namespace
}  // namespace tandem::testing
