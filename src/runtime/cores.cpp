#include "runtime/cores.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/cgroups.h"
#include "runtime/processors.h"

namespace tandem::runtime {

namespace {

/// What does not change with a thread's mask.
struct standing_limits {
  cgroup_limits cgroups;
  scheduler_variables scheduler;
  performance_cores performance;
};

standing_limits read_standing_limits(const machine_view& view) {
  return {find_cgroup_limits(view), read_scheduler_variables(view), find_performance_cores(view)};
}

/// Calls `visit(name, cores, what)` for each limit but the mask itself. `what` has the limit's source.
template <class Visit>
void visit_limits(const standing_limits& found, mask_view mask, Visit visit) {
  for (const cgroup_cpuset& each : found.cgroups.cpusets) {
    const int cores = count_in_both(each.processors, mask);
    if (cores > 0) visit("cpuset", cores, each);
  }
  for (const cgroup_quota& each : found.cgroups.quotas) visit("cgroup quota", each.cores, each);
  for (const scheduler_grant& each : found.scheduler.grants) visit("scheduler", each.cores, each);
  const int fast = found.performance.within(mask);
  if (fast > 0) visit("performance cores", fast, found.performance);
}

template <class What>
std::string source_of(const What& what) {
  return what.source;
}
std::string source_of(const scheduler_grant& what) { return fmt::format("{}={}", what.variable, what.cores); }

int least_of(const standing_limits& found, mask_view mask) noexcept {
  int least = std::max(count_of(mask), 1);
  visit_limits(found, mask, [&](const char*, int cores, const auto&) { least = std::min(least, cores); });
  return least;
}

std::vector<core_limit> all_of(const standing_limits& found, mask_view mask, std::string_view whose_mask) {
  const std::string list = list_of(mask);
  std::vector<core_limit> limits;
  limits.push_back({"affinity mask", std::max(count_of(mask), 1),
                    list.empty() ? "not known" : fmt::format("{}{}", list, whose_mask), false});
  visit_limits(found, mask, [&](const char* name, int cores, const auto& what) {
    limits.push_back({name, cores, source_of(what), false});
  });
  std::min_element(limits.begin(), limits.end(), [](const core_limit& a, const core_limit& b) {
    return a.cores < b.cores;
  })->decides = true;
  return limits;
}

/// The processors of all places that OpenMP binds its threads to; none if it binds none.
processor_mask processors_of_places() {
  if (omp_get_proc_bind() == omp_proc_bind_false) return {};
  std::vector<int> all;
  for (int place = 0; place < omp_get_num_places(); ++place) {
    std::vector<int> processors(static_cast<std::size_t>(std::max(omp_get_place_num_procs(place), 0)));
    omp_get_place_proc_ids(place, processors.data());
    all.insert(all.end(), processors.begin(), processors.end());
  }
  return mask_of(all);
}

/// What was read once for the process.
struct reading {
  unsigned generation;
  standing_limits limits;
  /// Of OpenMP's places, and what comes of it; without words where threads have masks of their own.
  processor_mask bound;
  int cores_if_bound;
  /// The reading before: nothing read is freed, since any thread may be using it.
  const reading* before;
};

// Readings of another generation are out of date. Both are plain atomics, which a fork leaves in order.
std::atomic<unsigned> current_generation{1};
std::atomic<const reading*> last_reading{nullptr};

const reading& current_reading() {
  const unsigned generation = current_generation.load(std::memory_order_acquire);
  const reading* last = last_reading.load(std::memory_order_acquire);
  if (last != nullptr && last->generation >= generation) return *last;
  auto fresh = std::make_unique<reading>(
      reading{generation, read_standing_limits(this_machine()), processors_of_places(), 0, nullptr});
  fresh->cores_if_bound = least_of(fresh->limits, fresh->bound);
  // Several threads may have read at the same time; one's reading serves all.
  while (last == nullptr || last->generation < generation) {
    fresh->before = last;
    if (last_reading.compare_exchange_weak(last, fresh.get(), std::memory_order_acq_rel, std::memory_order_acquire)) {
      return *fresh.release();
    }
  }
  return *last;
}

// The mask that a thread was last asked for, and what came of it. Most masks fit; machines with more processors pay for
// counting each time.
struct last_answer {
  unsigned generation;
  int cores;
  std::size_t words;
  unsigned long mask[8192 / std::numeric_limits<unsigned long>::digits];
};
constinit thread_local last_answer answer_of_thread{};

}  // namespace

std::vector<core_limit> core_limits(const machine_view& view) {
  return all_of(read_standing_limits(view), mask_of(view.affinity), "");
}

std::vector<core_limit> core_limits() {
  const reading& now = current_reading();
  if (!now.bound.empty()) return all_of(now.limits, now.bound, ", the places of OpenMP");
  return all_of(now.limits, affinity_of_this_thread(), "");
}

int permitted_cores() noexcept {
  const reading* now = nullptr;
  try {
    now = &current_reading();
  } catch (...) {  // no memory
  }
  if (now != nullptr && !now->bound.empty()) return now->cores_if_bound;
  unsigned long words[mask_words];
  const mask_view mask = affinity_of_this_thread(words);
  if (now == nullptr || mask.empty()) return std::max(count_of(mask), 1);
  last_answer& last = answer_of_thread;
  if (last.generation == now->generation && last.words == mask.size() &&
      std::memcmp(last.mask, mask.data(), mask.size_bytes()) == 0) {
    return last.cores;
  }
  const int cores = least_of(now->limits, mask);
  if (mask.size() <= std::size(last.mask)) {
    std::copy(mask.begin(), mask.end(), last.mask);
    last.words = mask.size();
    last.cores = cores;
    last.generation = now->generation;
  }
  return cores;
}

void forget_core_limits() noexcept { current_generation.fetch_add(1, std::memory_order_acq_rel); }

std::vector<ignored_variable> ignored_scheduler_variables(const machine_view& view) {
  return read_scheduler_variables(view).ignored;
}

}  // namespace tandem::runtime
