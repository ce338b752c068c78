#include <dlfcn.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <atomic>
#include <thread>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// What the application has set of OpenMP and OpenBLAS is as it was after any call.
extern "C" {
int kmp_get_blocktime();
void kmp_set_blocktime(int milliseconds);
}

namespace tandem::testing {
namespace {

// OpenBLAS's own functions, which the application may call as well. The library that tandem has loaded is found by name
// where it is not in the program's scope.
template <class Function>
Function openblas(const char* name) {
  void* found = dlsym(RTLD_DEFAULT, name);
  if (found == nullptr) ADD_FAILURE() << name << " is not in the process";
  return reinterpret_cast<Function>(found);
}

int blas_threads() { return openblas<int (*)()>("openblas_get_num_threads")(); }
void set_blas_threads(int count) { openblas<void (*)(int)>("openblas_set_num_threads")(count); }

struct thread_settings {
  int threads = omp_get_max_threads();
  int active_levels = omp_get_max_active_levels();
  int dynamic = omp_get_dynamic();
  int blocktime = kmp_get_blocktime();
  omp_sched_t kind{};
  int chunk = 0;
  int blas = blas_threads();

  thread_settings() { omp_get_schedule(&kind, &chunk); }
  bool operator==(const thread_settings&) const = default;
};

void PrintTo(const thread_settings& what, std::ostream* to) {
  *to << what.threads << " threads, " << what.active_levels << " levels, dynamic " << what.dynamic << ", blocktime "
      << what.blocktime << ", schedule " << what.kind << " " << what.chunk << ", BLAS " << what.blas;
}

// One of each kind of work, wrong or right.
bool evaluate_all(int workers) {
  const ndarray a = ones({300, 300});
  const ndarray z = eval(astype(a, complex128));
  const policy rules{.workers = workers};
  return eval(matmul(a, a) + 1, rules).at<double>({299, 299}) == 301 &&
         eval(matmul(z, z), rules).at<std::complex<double>>({7, 8}) == 300.0 &&
         eval(matmul(z, z(all, 0)), rules).at<std::complex<double>>({7}) == 300.0 &&
         eval(sum(expr(a) * 2), rules).item<double>() == 180000 &&
         eval(cumulative_sum(reshape(a, {-1})), rules).at<double>({89999}) == 90000;
}

TEST(Settings, OfTheApplicationStay) {
  const thread_settings at_start;
  omp_set_num_threads(3);
  omp_set_max_active_levels(2);
  omp_set_schedule(omp_sched_dynamic, 5);
  kmp_set_blocktime(123);
  set_blas_threads(2);
  // OpenBLAS asks OpenMP, and an application that sets one number sets the other to match it.
  omp_set_num_threads(3);
  const thread_settings before;
  EXPECT_EQ(before.threads, 3);
  EXPECT_EQ(before.active_levels, 2);
  EXPECT_EQ(before.blocktime, 123);
  for (const int workers : {1, 2, 4, -1}) {
    EXPECT_TRUE(evaluate_all(workers));
    EXPECT_EQ(thread_settings(), before) << workers;
  }
  EXPECT_THROW(eval(sum(ones({3})), {.workers = 0}), policy_error);
  EXPECT_THROW(eval(matmul(ones({3, 3}), ones({3, 3})), {.host_memory_bytes = 0}), out_of_memory);
  EXPECT_EQ(thread_settings(), before);
  omp_set_num_threads(at_start.threads);
  omp_set_max_active_levels(at_start.active_levels);
  omp_set_schedule(at_start.kind, at_start.chunk);
  kmp_set_blocktime(at_start.blocktime);
  set_blas_threads(at_start.blas);
  omp_set_num_threads(at_start.threads);
}

TEST(Settings, InsideARegionStay) {
  std::atomic<int> wrong{0};
  const int outside = omp_get_max_threads();
#pragma omp parallel num_threads(3)
  {
    omp_set_num_threads(2 + omp_get_thread_num());
    const thread_settings before;
    for (const int workers : {1, 2, 4, -1}) {
      if (!evaluate_all(workers)) ++wrong;
      if (!(thread_settings() == before)) ++wrong;
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(omp_get_max_threads(), outside);
}

TEST(Settings, StayWhileThreadsEvaluateWithDifferentWorkers) {
  set_blas_threads(2);
  omp_set_num_threads(2);
  const thread_settings before;
  std::atomic<int> wrong{0};
  std::atomic<int> changed_threads{0};
  std::atomic<int> changed_blocktimes{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      // Each thread of the application has settings of its own.
      omp_set_num_threads(t + 1);
      const int mine = omp_get_max_threads();
      // Said outright: what nobody has set is 0 while the process has more threads than cores, and else 200.
      const int spin = t * 100;
      kmp_set_blocktime(spin);
      for (int round = 0; round < 20; ++round) {
        if (!evaluate_all(1 + (t + round) % 4)) ++wrong;
        if (omp_get_max_threads() != mine) ++changed_threads;
        if (kmp_get_blocktime() != spin) ++changed_blocktimes;
      }
    });
  }
  for (int round = 0; round < 20; ++round) {
    if (!evaluate_all(2)) ++wrong;
    if (omp_get_max_threads() != 2) ++changed_threads;
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(changed_threads, 0);
  EXPECT_EQ(changed_blocktimes, 0);
  EXPECT_EQ(thread_settings(), before);
}

// The application's regions have as many threads as it asks for, before and after.
TEST(Settings, LeaveTheApplicationsRegionsAlone) {
  const auto width_of_a_region = [] {
    int width = 0;
#pragma omp parallel
#pragma omp single
    width = omp_get_num_threads();
    return width;
  };
  const int before = omp_get_max_threads();
  omp_set_num_threads(3);
  EXPECT_EQ(width_of_a_region(), 3);
  for (const int workers : {1, 2, 4}) {
    EXPECT_TRUE(evaluate_all(workers));
    EXPECT_EQ(width_of_a_region(), 3);
  }
  omp_set_num_threads(before);
}

}  // namespace
}  // namespace tandem::testing
