#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// parallel_imap: results in order or as they come, never more of them than the window, and every way it may end.
namespace {

using namespace tandem;
using tandem::testing::mentions;
using tandem::testing::text_of;

TEST(Imap, GivesEachResultOnceInOrder) {
  for (const std::int64_t count : {0, 1, 2, 100}) {
    for (const int workers : {1, 2, 4}) {
      for (const std::int64_t chunk : {0, 1, 3, 1000}) {
        for (const std::int64_t window : {0, 1000}) {
          std::int64_t next = 0;
          for (auto& [index, value] :
               parallel_imap(count, [](std::int64_t i) { return std::to_string(i); },
                             {.chunk = chunk, .rules = {.workers = workers}, .window = window})) {
            ASSERT_EQ(index, next);
            ASSERT_EQ(value, std::to_string(next));
            ++next;
          }
          ASSERT_EQ(next, count);
        }
      }
    }
  }
}

TEST(Imap, GivesEachResultOnceAsTheyCome) {
  for (const int workers : {1, 2, 4}) {
    for (const std::int64_t chunk : {1, 3}) {
      std::set<std::int64_t> seen;
      for (auto& [index, value] :
           parallel_imap(100, [](std::int64_t i) { return 2 * i; },
                         {.chunk = chunk, .rules = {.workers = workers}, .ordered = false, .window = 5})) {
        EXPECT_EQ(value, 2 * index);
        EXPECT_TRUE(seen.insert(index).second);
      }
      EXPECT_EQ(seen.size(), 100U);
    }
  }
}

TEST(Imap, AsTheyComeTheSlowOneDoesNotHoldOthersUp) {
  std::atomic<bool> released{false};
  std::vector<std::int64_t> order;
  for (auto& [index, value] : parallel_imap(6,
                                            [&](std::int64_t i) {
                                              while (i == 0 && !released) std::this_thread::yield();
                                              return i;
                                            },
                                            {.rules = {.workers = 2}, .ordered = false})) {
    order.push_back(index);
    if (order.size() == 5) released = true;  // item 0 must not be needed for the others
  }
  ASSERT_EQ(order.size(), 6U);
  EXPECT_EQ(order.back(), 0);
}

TEST(Imap, HoldsNoMoreThanTheWindow) {
  for (const bool ordered : {true, false}) {
    std::atomic<std::int64_t> begun{0};
    std::int64_t taken = 0;
    auto results = parallel_imap(200,
                                 [&](std::int64_t i) {
                                   ++begun;
                                   return i;
                                 },
                                 {.rules = {.workers = 4}, .ordered = ordered, .window = 6});
    EXPECT_EQ(begun, 0) << "nothing is computed before begin";
    for (auto& each : results) {
      static_cast<void>(each);
      ++taken;
      if (taken % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      EXPECT_LE(begun, taken - 1 + 6);
    }
    EXPECT_EQ(taken, 200);
  }
}

TEST(Imap, ThrowsWhereTheResultWouldBe) {
  for (const int workers : {1, 2, 4}) {
    std::vector<std::int64_t> read;
    std::atomic<std::int64_t> calls{0};
    const std::string text = text_of<std::runtime_error>([&] {
      for (auto& [index, value] : parallel_imap(100'000,
                                                [&](std::int64_t i) {
                                                  ++calls;
                                                  if (i >= 20) throw std::runtime_error(std::to_string(i));
                                                  return i;
                                                },
                                                {.rules = {.workers = workers}}))
        read.push_back(value);
    });
    EXPECT_EQ(text, "20");
    std::vector<std::int64_t> expected(20);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(read, expected);
    EXPECT_LT(calls, 100);
  }
  EXPECT_THROW(
      for (auto& each : parallel_imap(100, [](std::int64_t i) { return i == 50 ? throw 7 : i; }, {.ordered = false})) {
        static_cast<void>(each);
      },
      int);
}

TEST(Imap, AStopEndsIt) {
  for (const bool ordered : {true, false}) {
    std::stop_source source;
    std::int64_t read = 0;
    const std::string text = text_of<stopped>([&] {
      for (auto& each : parallel_imap(1'000'000, [](std::int64_t i) { return i; },
                                      {.rules = {.workers = 2}, .stop = source.get_token(), .ordered = ordered})) {
        static_cast<void>(each);
        if (++read == 10) source.request_stop();
      }
    });
    EXPECT_TRUE(mentions(text, {"parallel_imap", "1000000"}));
    EXPECT_LT(read, 100);
  }
}

TEST(Imap, MayBeLeftEarly) {
  std::atomic<std::int64_t> calls{0};
  for (auto& [index, value] : parallel_imap(1'000'000,
                                            [&](std::int64_t i) {
                                              ++calls;
                                              return i;
                                            },
                                            {.rules = {.workers = 3}})) {
    if (index == 5) break;
  }
  EXPECT_LT(calls, 1000);
  const std::int64_t after = calls;
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(calls, after) << "calls went on after the range was gone";
}

TEST(Imap, GoesThroughListsAndArrays) {
  std::vector<std::string> joined;
  for (auto& [index, value] :
       parallel_imap(std::vector<std::string>{"a", "b"}, [](const std::string& x) { return x + x; }))
    joined.push_back(value);
  EXPECT_EQ(joined, (std::vector<std::string>{"aa", "bb"}));
  const ndarray grid = permute_dims(ndarray(reshape(arange(6), {3, 2})), {1, 0});
  std::vector<double> halves;
  for (auto& [index, value] : parallel_imap(grid, [](double x) { return x / 2; })) halves.push_back(value);
  EXPECT_EQ(halves, (std::vector<double>{0, 1, 2, 0.5, 1.5, 2.5}));
  std::vector<std::int64_t> sums;
  for (auto& [index, value] : parallel_imap(
           {grid, grid}, [](const ndarray& x, const ndarray& y) { return ndarray(sum(x + y)).item<std::int64_t>(); }))
    sums.push_back(value);
  EXPECT_EQ(sums, (std::vector<std::int64_t>{12, 18}));
}

TEST(Imap, TheReaderMayEvaluateMeanwhile) {
  const ndarray x = ones({200'000});
  double total = 0;
  for (auto& [index, value] :
       parallel_imap(20, [&](std::int64_t i) { return ndarray(sum(x * static_cast<double>(i))).item<double>(); })) {
    total += value + ndarray(sum(x)).item<double>();
  }
  EXPECT_EQ(total, 200'000.0 * (190 + 20));
}

TEST(Imap, ImpossibleOptionsAreErrors) {
  const auto same = [](std::int64_t i) { return i; };
  EXPECT_TRUE(
      mentions(text_of<argument_error>([&] { parallel_imap(5, same, {.chunk = -1}).begin(); }), {"chunk", "-1"}));
  EXPECT_TRUE(mentions(text_of<argument_error>([&] { parallel_imap(5, same, {.chunk = 4, .window = 3}).begin(); }),
                       {"window", "3", "4"}));
  EXPECT_THROW(parallel_imap(5, same, {.window = -1}).begin(), argument_error);
  EXPECT_THROW(parallel_imap(5, same, {.rules = {.workers = 0}}).begin(), policy_error);
}

}  // namespace
