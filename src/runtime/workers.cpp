#include "runtime/workers.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>

#include <tandem/errors.h>

namespace tandem::runtime {

void check_workers(const policy& rules) {
  const int asked = rules.workers.value_or(-1);
  if (asked == -1 || (asked >= 1 && asked <= max_workers)) return;
  throw policy_error(
      fmt::format("policy: workers is {}; expected 1 to {}, or -1 for all permitted cores", asked, max_workers));
}

int workers_of(const policy& rules) {
  check_workers(rules);
  const int asked = rules.workers.value_or(-1);
  return asked == -1 ? std::min(permitted_cores(), max_workers) : asked;
}

void parallel_for(std::int64_t items, int workers, const std::function<void(std::int64_t, std::int64_t, int)>& work) {
  if (items <= 0) return;
  const int asked = static_cast<int>(std::min<std::int64_t>(workers, items));
  if (asked <= 1 || omp_in_parallel() != 0) {
    work(0, items, 0);
    return;
  }
  std::exception_ptr first;
  std::mutex guard;
#pragma omp parallel num_threads(asked)
  {
    // The runtime may give fewer threads than asked for.
    const std::int64_t given = omp_get_num_threads();
    const std::int64_t worker = omp_get_thread_num();
    const std::int64_t share = items / given;
    const std::int64_t extra = items % given;
    const std::int64_t begin = worker * share + std::min(worker, extra);
    const std::int64_t end = begin + share + (worker < extra ? 1 : 0);
    if (begin < end) {
      try {
        work(begin, end, static_cast<int>(worker));
      } catch (...) {
        const std::lock_guard lock(guard);
        if (!first) first = std::current_exception();
      }
    }
  }
  if (first) std::rethrow_exception(first);
}

double fork_join_ns() {
  if (omp_in_parallel() != 0) return 0;  // `parallel_for` forks nothing there
  // 0.4 us for two workers on an AMD Zen 5, 1 us on an Intel Cascade Lake (libomp 19, 2026-11). Where it seems to take
  // 30 us, two threads are on one core because something else ran on the other one, which passes.
  constexpr double most_ns = 5000;
  static const double measured = [] {
    const int workers = std::min(permitted_cores(), max_workers);
    double least_ns = most_ns;
    for (int round = 0; round < 9; ++round) {
      const auto begin = std::chrono::steady_clock::now();
      parallel_for(workers, workers, [](std::int64_t, std::int64_t, int) {});
      const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
      least_ns = std::min(least_ns, taken.count());
    }
    return least_ns;
  }();
  return measured;
}

// The thread count is a property of the calling thread's task in OpenMP, so that setting and restoring it is invisible
// to others.
scoped_thread_count::scoped_thread_count(int workers) noexcept : before_(omp_get_max_threads()) {
  omp_set_num_threads(workers);
}

scoped_thread_count::~scoped_thread_count() { omp_set_num_threads(before_); }

}  // namespace tandem::runtime
