#include <gtest/gtest.h>
#include <pthread.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// Expressions of very many operations: built, evaluated and destroyed without recursion as deep as they are long.
namespace tandem::testing {
namespace {

constexpr std::int64_t million = 1'000'000;

// Runs `work` in a thread whose stack has `stack_bytes`, as threads of servers and of other languages often have.
void on_small_stack(std::size_t stack_bytes, const std::function<void()>& work) {
  struct call {
    const std::function<void()>& work;
    std::exception_ptr failure;
  } job{work, nullptr};
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, stack_bytes), 0);
  pthread_t thread;
  const auto run = [](void* given) -> void* {
    auto& mine = *static_cast<call*>(given);
    try {
      mine.work();
    } catch (...) {
      mine.failure = std::current_exception();
    }
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &job), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  if (job.failure) std::rethrow_exception(job.failure);
}

constexpr std::size_t small_stack = 256 * 1024;

void check_million_additions() {
  const ndarray a = array<std::int64_t>({1, 10, 100});
  const expr captured = a;
  std::vector<std::int64_t> result;
  {
    expr work = captured;
    for (std::int64_t i = 0; i < million; ++i) work = work + captured;
    result = elements_of<std::int64_t>(eval(work, {.workers = 1}));
  }
  EXPECT_EQ(result, (std::vector<std::int64_t>{million + 1, 10 * (million + 1), 100 * (million + 1)}));
}

TEST(LongChains, OfAMillionAdditionsOnASmallStack) { on_small_stack(small_stack, check_million_additions); }

TEST(LongChains, AreDestroyedWithoutHavingBeenEvaluated) {
  on_small_stack(small_stack, [] {
    const expr one = ones({2});
    expr work = one;
    for (std::int64_t i = 0; i < million / 2; ++i) work = one - work;
    const expr middle = work;  // half of the chain outlives the rest
    for (std::int64_t i = 0; i < million / 2; ++i) work = work * one;
    work = one;
    EXPECT_EQ(middle.shape(), dims({2}));
  });
}

TEST(LongChains, OnTheRightAndOfChangingOperations) {
  on_small_stack(small_stack, [] {
    const ndarray a = array<double>({0.5, 2, 7});
    expr work = a;
    std::vector<double> expected = elements_of<double>(a);
    for (int i = 0; i < 30000; ++i) {
      switch (i % 4) {
        case 0: work = 3.0 - work; break;
        case 1: work = abs(work); break;
        case 2: work = minimum(work + a, 5.0); break;
        default: work = work * 0.5;
      }
      const std::vector<double> start = {0.5, 2, 7};
      for (std::size_t k = 0; k < 3; ++k) {
        double& x = expected[k];
        x = i % 4 == 0 ? 3.0 - x : i % 4 == 1 ? std::abs(x) : i % 4 == 2 ? std::min(x + start[k], 5.0) : x * 0.5;
      }
    }
    EXPECT_EQ(elements_of<double>(work), expected);
  });
}

TEST(LongChains, OfManyNumbersAndManyArrays) {
  expr work = zeros({4}, int64);
  std::int64_t expected = 0;
  for (std::int64_t i = 0; i < 3000; ++i) {
    work = work + i;
    work = work + full({4}, i * i);
    expected += i + i * i;
  }
  EXPECT_EQ(elements_of<std::int64_t>(work), (std::vector<std::int64_t>(4, expected)));
}

TEST(LongChains, ThatUseEachResultTwice) {
  // 2^200 paths, 200 operations.
  expr work = ones({3});
  for (int i = 0; i < 200; ++i) work = (work + work) * 0.5;
  EXPECT_EQ(elements_of<double>(work), (std::vector<double>(3, 1)));
  expr summed = ones({3});
  for (int i = 0; i < 200; ++i) summed = (sum(summed) + sum(summed) + summed) / 7.0;
  EXPECT_EQ(elements_of<double>(summed), (std::vector<double>(3, 1)));
}

TEST(Nesting, OfReductionsViewsAndJoinsHasALimit) {
  const auto deepen = [](const std::function<expr(const expr&)>& once) {
    expr work = ones({2, 2});
    int depth = 0;
    const std::string text = text_of<argument_error>([&] {
      for (; depth < 20000; ++depth) work = once(work);
    });
    EXPECT_TRUE(mentions(text, {"nests", "eval"}));
    EXPECT_GE(depth, 500) << "a useful depth is possible";
    return work;
  };
  const auto checked = [](const expr& deepest, double expected) {
    EXPECT_EQ(elements_of<double>(deepest), (std::vector<double>(4, expected)));
  };
  // The deepest that can be built can be evaluated, also on a small stack.
  const auto check_all = [&] {
    checked(deepen([](const expr& x) { return sum(x) + zeros({2, 2}) - 3; }), 1);
    checked(deepen([](const expr& x) { return roll(x, {1}, 0); }), 1);
    checked(deepen([](const expr& x) { return (x + 1)(slice(none, none, -1))-1; }), 1);
    checked(deepen([](const expr& x) { return reshape((x + 0)(slice(none, none, -1)), {2, 2}); }), 1);
    checked(deepen([](const expr& x) { return matmul(x, eye(2)); }), 1);
    checked(deepen([](const expr& x) { return repeat((x + 0)(slice(0, 1)), 2, 0); }), 1);
    checked(deepen([](const expr& x) { return cumulative_sum(x, {.axis = 0}) * 0.0 + 1; }), 1);
    checked(deepen([](const expr& x) { return concat({x(slice(0, 1)), x(slice(1, 2))}); }), 1);
    checked(deepen([](const expr& x) { return mean(broadcast_to(x, {3, 2, 2}), {.axis = 0}); }), 1);
    checked(deepen([](const expr& x) { return mean(x, {.axis = 0}) + zeros({2, 2}); }), 1);
    checked(deepen([](const expr& x) { return sum(x + zeros({1, 1, 1, 1, 1, 1, 1, 1})) + zeros({2, 2}) - 3; }), 1);
  };
  on_small_stack(small_stack, check_all);
}

TEST(Nesting, GoesOnAfterEvaluation) {
  expr work = ones({2});
  for (int i = 0; i < 5000; ++i) {
    work = roll(work, {1});
    if (i % 400 == 399) work = eval(work);
  }
  EXPECT_EQ(elements_of<double>(work), (std::vector<double>{1, 1}));
}

}  // namespace
}  // namespace tandem::testing
