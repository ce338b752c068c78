#include <gtest/gtest.h>
#include <omp.h>

#include <atomic>
#include <complex>
#include <thread>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// Right results from several threads that multiply and loop at the same time.
namespace tandem::testing {
namespace {

// One thread's operands, whose elements are small integers: sums of products are exact, and known by counting.
class operands {
 public:
  explicit operands(int number)
      : number_(number),
        a_(full({96, 80}, number + 1.0)),
        b_(full({80, 64}, 3.0)),
        line_(full({200000}, number + 0.5)) {}

  // How many of the results are wrong.
  int round(const policy& rules) const {
    int wrong = 0;
    const double element = (number_ + 1.0) * 3.0 * 80;
    wrong += count_others(eval(matmul(a_, b_), rules), element);
    wrong += count_others(eval(matmul(astype(a_, complex128), astype(b_, complex128)), rules),
                          std::complex<double>(element));
    wrong += count_others(eval(expr(line_) * 4 - line_, rules), (number_ + 0.5) * 3);
    if (eval(sum(expr(line_) * 2), rules).item<double>() != 200000 * (number_ * 2 + 1.0)) ++wrong;
    return wrong;
  }

 private:
  // By a plain loop.
  template <class T>
  static int count_others(const ndarray& given, T expected) {
    const T* const from = given.data<const T>();
    int others = 0;
    for (std::int64_t i = 0; i < given.size(); ++i) others += from[i] == expected ? 0 : 1;
    return others;
  }

  int number_;
  ndarray a_;
  ndarray b_;
  ndarray line_;
};

constexpr int rounds = 1000;
constexpr int thread_count = 4;

TEST(Rounds, OfConcurrentProductsAndLoopsAreRight) {
  std::atomic<int> wrong{0};
  std::atomic<int> changed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < thread_count; ++t) {
    threads.emplace_back([&, t] {
      const operands mine(t);
      const int before = omp_get_max_threads();
      for (int round = 0; round < rounds; ++round) {
        wrong += mine.round({.workers = 1 + (round + t) % 4});
        if (omp_get_max_threads() != before) ++changed;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(changed, 0);
}

TEST(Rounds, InsideAnApplicationsRegionAreRight) {
  std::atomic<int> wrong{0};
#pragma omp parallel for num_threads(3) schedule(dynamic, 1)
  for (int round = 0; round < rounds / 4; ++round) {
    const operands mine(round % 10);
    wrong += mine.round({.workers = 1 + round % 3});
  }
  EXPECT_EQ(wrong, 0);
}

// Threads come and go: each is a new one to OpenMP.
TEST(Rounds, OfShortThreadsAreRight) {
  std::atomic<int> wrong{0};
  for (int round = 0; round < rounds / 10; ++round) {
    std::thread first([&] { wrong += operands(round % 10).round({.workers = 2}); });
    std::thread second([&] { wrong += operands(round % 7).round({.workers = 3}); });
    first.join();
    second.join();
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace tandem::testing
