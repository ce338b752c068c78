#include "runtime/workers.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>

#include <tandem/errors.h>

#include "runtime/fork.h"
#include "runtime/leases.h"
#include "runtime/policy.h"

// libomp's, absent from others: how long a worker without work looks for some before it sleeps, in milliseconds. A
// property of the calling thread's task, which its team takes over.
extern "C" {
int kmp_get_blocktime() __attribute__((weak));
void kmp_set_blocktime(int milliseconds) __attribute__((weak));
}

namespace tandem::runtime {

namespace {

// What is around the calling thread's evaluations, as far as tandem knows of it; OpenMP knows of regions inside that.
struct surroundings {
  /// The workers that are left to it; 0 if nothing is around it.
  int share;
  /// OpenMP's nesting level where the share was decided: regions up to there are counted in it.
  int level;
  /// It runs code of the user in a team of tandem's.
  bool in_team;
  /// The process's when the team began.
  unsigned generation;
};
constinit thread_local surroundings around{};

// libomp's workers go on looking for work for 200 ms after a region, as runnable threads that count against quotas and
// get in the way of others. After a region of tandem's it is 1 ms, which is enough for the next evaluation of a
// program's; one that comes later waits for its workers to wake up: 51 us and not 3 (AMD Zen 5, 2026-11). Setting it
// takes 0.15 us. Somebody who has set a time of his own is obeyed.
class short_spin {
 public:
  short_spin() noexcept {
    if (kmp_get_blocktime == nullptr || kmp_set_blocktime == nullptr || is_decided_by_user) return;
    const int now = kmp_get_blocktime();
    // Where the process has more threads than cores and nobody has set a time, libomp 19 says 0 and waits 200 ms.
    if (now > 0 && now <= milliseconds) return;
    before_ = now;
    kmp_set_blocktime(milliseconds);
  }
  ~short_spin() {
    if (before_ >= 0) kmp_set_blocktime(before_);
  }
  short_spin(const short_spin&) = delete;
  short_spin& operator=(const short_spin&) = delete;

 private:
  static constexpr int milliseconds = 1;
  static const bool is_decided_by_user;
  int before_ = -1;
};

const bool short_spin::is_decided_by_user =
    std::getenv("KMP_BLOCKTIME") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr;

// Lets the calling thread open a region where it is in one already.
class nested_region {
 public:
  nested_region() noexcept {
    if (omp_get_level() == 0) return;
    const int needed = omp_get_active_level() + 1;
    const int allowed = omp_get_max_active_levels();
    if (allowed >= needed) return;
    before_ = allowed;
    omp_set_max_active_levels(needed);
  }
  ~nested_region() {
    if (before_ >= 0) omp_set_max_active_levels(before_);
  }
  nested_region(const nested_region&) = delete;
  nested_region& operator=(const nested_region&) = delete;

 private:
  int before_ = -1;
};

// What the threads of a region share, next to each other: each line of the cache that must come from the core of the
// thread that opened the region delays the others.
struct alignas(64) region_of_work {
  core::function_ref<void(int, int)> work;
  int parts;
  int thrown_by;
  std::exception_ptr thrown;
  std::mutex guard;
};

void run_region(int parts, core::function_ref<void(int, int)> work) {
  const short_spin spin;
  const nested_region nested;
  region_of_work shared{work, parts, parts, nullptr, {}};
  region_of_work* const region = &shared;
#pragma omp parallel num_threads(parts) firstprivate(region, parts)
  {
    // OpenMP may give fewer threads than it is asked for. (A loop of OpenMP's own takes 0.4 us longer.)
    const int given = omp_get_num_threads();
    for (int part = omp_get_thread_num(); part < parts; part += given) {
      try {
        region->work(part, parts);
      } catch (...) {
        const std::lock_guard lock(region->guard);
        if (part < region->thrown_by) {
          region->thrown = std::current_exception();
          region->thrown_by = part;
        }
      }
    }
  }
  if (shared.thrown) std::rethrow_exception(shared.thrown);
}

// How many threads OpenMP's regions around the calling thread have, without those that its share accounts for.
int width_of_regions() noexcept {
  int width = 1;
  for (int level = omp_get_level(); level > around.level; --level) {
    width *= std::max(omp_get_team_size(level), 1);
  }
  return width;
}

}  // namespace

int cores_of_this_thread() noexcept {
  const int cores = around.share > 0 ? around.share : permitted_cores();
  return std::max(cores / width_of_regions(), 1);
}

int workers_of(const resolved_policy& rules) noexcept {
  const int asked = rules.workers.value;
  if (asked < 0) return std::min(cores_of_this_thread(), max_workers);
  const bool is_alone = around.share == 0 && omp_get_level() == 0;
  return is_alone ? asked : std::min(asked, cores_of_this_thread());
}

void run_in_parts(int workers, core::function_ref<void(int, int)> work) {
  if (workers <= 1) {
    work(0, 1);
    return;
  }
  const core_lease lease(workers, around.in_team);
  if (lease.granted() == 1) {
    work(0, 1);
  } else {
    run_region(lease.granted(), work);
  }
}

void parallel_for(std::int64_t items, int workers, core::function_ref<void(std::int64_t, std::int64_t, int)> work) {
  if (items <= 0) return;
  run_in_parts(static_cast<int>(std::min<std::int64_t>(workers, items)), [&](int part, int parts) {
    const std::int64_t share = items / parts;
    const std::int64_t extra = items % parts;
    const std::int64_t begin = part * share + std::min<std::int64_t>(part, extra);
    const std::int64_t end = begin + share + (part < extra ? 1 : 0);
    if (begin < end) work(begin, end, part);
  });
}

namespace {

// In a program that links libgomp, too, our own calls go to libomp, because they are bound with its version's name, and
// OpenBLAS's to libgomp.
template <class Function>
Function* as_others_find_it(const char* name, Function* ours) noexcept {
  void* const found = ::dlsym(RTLD_DEFAULT, name);
  return found == nullptr ? ours : reinterpret_cast<Function*>(found);
}
const auto get_max_threads = as_others_find_it("omp_get_max_threads", &omp_get_max_threads);
const auto set_num_threads = as_others_find_it("omp_set_num_threads", &omp_set_num_threads);

}  // namespace

// The thread count is a property of the calling thread's task in OpenMP, so that setting and restoring it is invisible
// to others.
scoped_thread_count::scoped_thread_count(int workers) noexcept : before_(get_max_threads()) {
  if (before_ != workers) set_num_threads(workers);
}

scoped_thread_count::~scoped_thread_count() {
  if (before_ != get_max_threads()) set_num_threads(before_);
}

scoped_team_member::scoped_team_member(int workers, int width, bool is_hired) noexcept
    : share_before_(around.share),
      level_before_(around.level),
      in_team_before_(around.in_team),
      generation_before_(around.generation) {
  around = {std::max(workers / width, 1), omp_get_level(), width > 1 || is_hired || in_team_before_,
            in_team_before_ ? generation_before_ : fork_generation()};
}

scoped_team_member::~scoped_team_member() {
  around = {share_before_, level_before_, in_team_before_, generation_before_};
}

void scoped_team_member::end_if_lost() const noexcept { check_not_lost(); }

void check_not_lost() {
  if (!around.in_team || around.generation == fork_generation()) return;
  throw policy_error(
      "fork: this process was forked inside of parallel_for, parallel_map or parallel_imap, whose threads it does not "
      "have; it can only call exec or _exit. Fork before or after the parallel work, or use workers = 1 for it");
}

void forget_other_threads() noexcept {
  forget_leases();
  around.level = 0;  // nor is a region of the parent's: the share that was decided in one is the child's
}

}  // namespace tandem::runtime

namespace tandem {

int workers_of_this_thread(const policy& call) { return runtime::workers_of(runtime::resolve(call)); }

scoped_share::scoped_share(int outer) : before_(runtime::around.share), level_before_(runtime::around.level) {
  if (outer < 1) throw policy_error(fmt::format("scoped_share: {} threads; expected at least 1", outer));
  runtime::around.share = std::max(runtime::cores_of_this_thread() / outer, 1);
  runtime::around.level = omp_get_level();
}

scoped_share::~scoped_share() {
  runtime::around.share = before_;
  runtime::around.level = level_before_;
}

}  // namespace tandem
