#include "runtime/workers.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include <tandem/tandem.h>

namespace td = tandem;
using namespace tandem::runtime;

namespace {

TEST(ParallelFor, CoversEachItemOnce) {
  for (const std::int64_t items : {0, 1, 2, 3, 7, 1000}) {
    for (const int workers : {1, 2, 3, 8, 64}) {
      std::vector<std::atomic<int>> seen(static_cast<std::size_t>(items));
      parallel_for(items, workers, [&](std::int64_t begin, std::int64_t end, int worker) {
        EXPECT_LT(begin, end);
        EXPECT_GE(worker, 0);
        EXPECT_LT(worker, workers);
        for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
      });
      for (const auto& count : seen) EXPECT_EQ(count, 1);
    }
  }
}

TEST(ParallelFor, PassesExceptionsOn) {
  EXPECT_THROW(parallel_for(100, 4,
                            [](std::int64_t begin, std::int64_t, int) {
                              if (begin > 0) throw std::runtime_error("stop");
                            }),
               std::runtime_error);
  EXPECT_THROW(parallel_for(1, 1, [](std::int64_t, std::int64_t, int) { throw std::runtime_error("stop"); }),
               std::runtime_error);
}

// The application's own OpenMP setting is what it was after products and loops with other numbers of workers, also when
// several threads evaluate at once.
TEST(Workers, ProcessSettingsStayAsTheyWere) {
  const int before = omp_get_max_threads();
  const td::ndarray a = td::ones({300, 300});
  std::vector<std::thread> threads;
  for (int t = 1; t <= 4; ++t) {
    threads.emplace_back([&, t] {
      const int mine = omp_get_max_threads();
      for (int round = 0; round < 10; ++round) {
        const td::ndarray c = td::eval(td::matmul(a, a) + 1.0, {.workers = t});
        EXPECT_EQ(c.at<double>({0, 0}), 301.0);
        EXPECT_EQ(omp_get_max_threads(), mine);
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(omp_get_max_threads(), before);
}

}  // namespace
