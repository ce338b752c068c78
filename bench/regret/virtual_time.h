#pragma once

#include <cstdint>
#include <random>

#include "backend/simulated/clock.h"
#include "backend/simulated/surroundings.h"

namespace bench::regret {

/// What goes on beside the work on a made-up machine.
struct disturbances {
  /// One of so many pieces of work takes 3 to 20 times as long; 0 for none.
  int spike_one_of = 400;
  /// See `tandem::simulated_faults`.
  double link_contention = 0;
  double link_slowdown = 1;
  double drift = 0;
};

/// The clock of a made-up machine. Advances by what it is told only; all chance comes from the seed. Thread safety:
/// none.
class virtual_time {
 public:
  explicit virtual_time(std::uint64_t seed, const disturbances& by = {});

  double now_us() const noexcept { return static_cast<double>(clock_.host_ns()) * 1e-3; }
  const disturbances& disturbed_by() const noexcept { return by_; }
  void disturb(const disturbances& by) noexcept { by_ = by; }

  /// Work takes that long alone; lets the time pass and returns how long it took, with noise of 2 % and what else
  /// happens.
  double work(double alone_us);
  /// The same of a copy.
  double copy(double alone_us);

 private:
  double pass(double us);

  tandem::backend::simulation::clock clock_;
  tandem::backend::simulation::surroundings surroundings_;
  std::mt19937_64 chance_;
  disturbances by_;
};

}  // namespace bench::regret
