#pragma once

#include "plan/profile.h"
#include "plan/task.h"

// The equations: what a stage takes at a place, by a profile, in microseconds. docs/planner.md derives them.
namespace tandem::plan {

/// A stage on the host with some number of workers.
struct host_time {
  int workers = 1;
  double fork_us = 0;
  double compute_us = 0;
  double memory_us = 0;
  /// The cache that holds what it reads and writes: 0, 1, or 2 for none.
  int level = 0;

  double us() const noexcept { return fork_us + (compute_us > memory_us ? compute_us : memory_us); }
};
/// More workers than one must be predicted to be faster by this part. Around where sharing out begins to pay, a
/// prediction is as often wrong as right, and what is wrong costs more than what is right gains.
inline constexpr double least_gain_by_workers = 0.15;

/// The host's constants, with what numbers of workers 1, 2, 4, ... and all do looked up beforehand. Thread safety:
/// immutable.
class host_model {
 public:
  explicit host_model(host_profile by);
  const host_profile& constants() const noexcept { return by_; }

  host_time time(const stage_task& what, int workers) const noexcept;
  /// With the number of workers that ends it soonest, at most `limit`.
  host_time best(const stage_task& what, int limit) const noexcept;

 private:
  struct team {
    int workers;
    double fork_us;
    /// What so many do in the time that one does one.
    double speedup;
    std::array<double, level_count> bytes_per_s;
  };
  struct alone;

  team team_of(int workers) const noexcept;
  alone alone_of(const stage_task& what) const noexcept;
  host_time time(const stage_task& what, const alone& by_one, const team& by) const noexcept;

  host_profile by_;
  std::vector<team> teams_;
};

/// A stage on a device, without its launch.
struct device_time {
  double compute_us = 0;
  double memory_us = 0;
  double kernel_us = 0;

  double us() const noexcept { return kernel_us + (compute_us > memory_us ? compute_us : memory_us); }
};
device_time on_device(const device_profile& by, const stage_task& what) noexcept;

/// A copy over the link.
double copy_time_us(const link_profile& by, std::int64_t bytes) noexcept;

}  // namespace tandem::plan
