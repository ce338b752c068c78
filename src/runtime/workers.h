#pragma once

#include <cstdint>
#include <functional>

#include <tandem/policy.h>

#include "runtime/cores.h"

// The library's use of the process's one OpenMP pool. Nothing here changes a setting of the process.
namespace tandem::runtime {

/// Throws: `policy_error` for other numbers than -1 and 1 to `max_workers`.
void check_workers(const policy& rules);
/// The number of workers a policy asks for; permitted cores, which the system is asked for, if it does not say.
/// Throws: as `check_workers`.
int workers_of(const policy& rules);

/// Calls `work(begin, end, worker)` for contiguous parts of [0, items), one part a worker, and waits. Workers are
/// numbered from 0 below `workers`; a part may be empty and is then not called. Inside a parallel region, and for one
/// worker, the caller does all of it. The first exception is passed on after all parts have ended.
void parallel_for(std::int64_t items, int workers, const std::function<void(std::int64_t, std::int64_t, int)>& work);

/// What `parallel_for` itself costs, in nanoseconds: measured at the first call, with a worker on each permitted core,
/// which takes some tens of microseconds.
double fork_join_ns();

/// While it lives, libraries that ask OpenMP for its thread count (OpenBLAS) get `workers` in the calling thread. Other
/// threads do not see it.
class scoped_thread_count {
 public:
  explicit scoped_thread_count(int workers) noexcept;
  ~scoped_thread_count();
  scoped_thread_count(const scoped_thread_count&) = delete;
  scoped_thread_count& operator=(const scoped_thread_count&) = delete;

 private:
  int before_;
};

}  // namespace tandem::runtime
