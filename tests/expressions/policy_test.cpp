#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// The policy of an evaluation: how many workers, and where progress is counted.
namespace tandem::testing {
namespace {

// One of each kind of work, on enough elements for several workers. Exact results, whatever the order.
std::vector<std::pair<std::string, expr>> kinds_of_work() {
  random_numbers random(361);
  const ndarray a = random_array(int64, {301, 403}, random);
  const ndarray f = random_array(float64, {301, 403}, random);
  return {
      {"a chain", expr(a) * 3 - a},
      {"functions", sin(f) + sqrt(abs(f))},
      {"a transposed chain", expr(f.transposed()) * 2 + 1},
      {"a sum", sum(a)},
      {"a sum of floats", sum(f)},
      {"sums along an axis", sum(f, {.axis = 0})},
      {"sums along the other axis", sum(f, {.axis = 1})},
      {"a mean", mean(f, {.axis = 1})},
      {"a deviation", std(f)},
      {"a maximum", max(f, {.axis = 0})},
      {"whether any", any(expr(f) > 99)},
      {"a search", argmax(f)},
      {"searches", argmin(f, {.axis = 0})},
      {"running sums", cumulative_sum(f, {.axis = 0})},
      {"running sums of all", cumulative_sum(reshape(f, {-1}))},
      {"a join", concat({expr(a), expr(a) + 1}, 1)},
      {"a roll", roll(f, {5, 7}, {0, 1})},
      {"repetitions", repeat(a(all, slice(0, 3)), array<int>({70, 0, 200}), 1)},
      {"an integer product", matmul(a, matrix_transpose(a)(all, slice(0, 5)))},
  };
}

TEST(Workers, GiveTheSameBitsForEveryNumber) {
  std::vector<ndarray> expected;
  for (const auto& [title, work] : kinds_of_work()) expected.push_back(eval(work, {.workers = 1}));
  for (const int workers : {2, 3, 7, -1, 64}) {
    // New expressions, so that nothing kept answers.
    const auto again = kinds_of_work();
    for (std::size_t i = 0; i < again.size(); ++i) {
      EXPECT_TRUE(same(eval(again[i].second, {.workers = workers}), expected[i]))
          << again[i].first << ", " << workers << " workers";
    }
  }
}

TEST(Workers, OfAProductOfFloatsAgreeClosely) {
  random_numbers random(362);
  const ndarray a = random_array(float64, {200, 300}, random);
  const ndarray b = random_array(float64, {300, 100}, random);
  // Elements are multiples of 1/8 below 100: sums of 300 products are exact, in any order.
  const ndarray expected = eval(matmul(a, b), {.workers = 1});
  for (const int workers : {2, 3, 7, -1})
    EXPECT_TRUE(same(eval(matmul(a, b), {.workers = workers}), expected)) << workers;
}

TEST(Workers, BelowOneButAllAreRefused) {
  const ndarray a = ones({3});
  for (const int workers : {0, -2, -100, INT32_MIN}) {
    const std::string given = std::to_string(workers);
    EXPECT_TRUE(mentions(text_of<policy_error>([&] { eval(expr(a) + 1, {.workers = workers}); }),
                         {"workers", given.c_str(), "-1"}));
    EXPECT_THROW(eval(a, {.workers = workers}), policy_error) << "also where nothing is left to do";
    const expr kept = expr(a) + 1;
    static_cast<void>(eval(kept));
    EXPECT_THROW(eval(kept, {.workers = workers}), policy_error);
    EXPECT_THROW(a.assign(2, {.workers = workers}), policy_error);
    EXPECT_THROW(zeros({0}).assign(2, {.workers = workers}), policy_error);
    EXPECT_THROW(eval(sum(zeros({0})), {.workers = workers}), policy_error);
  }
  EXPECT_EQ(elements_of<double>(a), (std::vector<double>{1, 1, 1}));
}

TEST(Progress, ReachesItsTotal) {
  for (const int workers : {1, 2, 3}) {
    const auto again = kinds_of_work();
    for (const auto& [title, each] : again) {
      progress counted;
      static_cast<void>(eval(each, {.workers = workers, .progress = &counted}));
      EXPECT_GT(counted.total(), 0) << title;
      EXPECT_EQ(counted.done(), counted.total()) << title << ", " << workers << " workers";
      // Once kept, there is nothing to do.
      const std::int64_t before = counted.total();
      static_cast<void>(eval(each, {.progress = &counted}));
      EXPECT_EQ(counted.total(), before) << title;
    }
  }
}

TEST(Progress, OfProductsOfAllDtypesReachesItsTotal) {
  random_numbers random(363);
  for (const dtype type : all_dtypes) {
    const ndarray a = random_array(type, {3, 50, 60}, random);
    for (const expr& product :
         {matmul(a, matrix_transpose(a)), matmul(a, a(0, 0)), matmul(a(0, 0, all), matrix_transpose(a)),
          matmul(a(all, slice(none, none, 2)), matrix_transpose(a)), vecdot(a, a)}) {
      progress counted;
      static_cast<void>(eval(product, {.progress = &counted}));
      EXPECT_GT(counted.total(), 0) << name(type);
      EXPECT_EQ(counted.done(), counted.total()) << name(type) << " " << to_string(product.shape());
    }
  }
}

TEST(Progress, CountsAssignmentsToo) {
  const ndarray a = ones({1000, 10});
  progress counted;
  a.assign(expr(a) + 1, {.progress = &counted});
  EXPECT_EQ(counted.total(), 10000);
  EXPECT_EQ(counted.done(), 10000);
  a(slice(1, none)).assign(a(slice(none, -1)), {.progress = &counted});
  EXPECT_EQ(counted.done(), counted.total());
}

TEST(Progress, CanBeReadWhileTheWorkRuns) {
  const ndarray a = ones({4'000'000}, float32);
  progress counted;
  std::atomic<bool> finished{false};
  std::int64_t last = 0;
  bool grew_only = true;
  bool within_total = true;
  std::thread watcher([&] {
    while (!finished) {
      const std::int64_t now = counted.done();
      grew_only = grew_only && now >= last;
      within_total = within_total && now <= counted.total();
      last = now;
      std::this_thread::yield();
    }
  });
  static_cast<void>(eval(sum(sin(a) * cos(a)), {.progress = &counted}));
  finished = true;
  watcher.join();
  EXPECT_TRUE(grew_only);
  EXPECT_TRUE(within_total);
  EXPECT_EQ(counted.done(), counted.total());
}

TEST(Progress, IsNotCountedForWhatFails) {
  const ndarray a = ones({3});
  const expr stale = expr(a) + 1;
  a(0) = 2;
  progress counted;
  EXPECT_THROW(eval(stale, {.progress = &counted}), stale_expression);
  EXPECT_EQ(counted.total(), 0);
}

}  // namespace
}  // namespace tandem::testing
