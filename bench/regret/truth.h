#pragma once

#include <cstdint>
#include <span>

#include "ops/program.h"
#include "plan/profile.h"
#include "regret/machines.h"

namespace bench::regret {

/// What things really take on a made-up machine when nothing disturbs them, in microseconds.
class truth {
 public:
  explicit truth(const machine& of) noexcept : of_(of) {}

  /// With so many workers for each stage.
  double host_us(const tandem::ops::program& what, std::span<const std::int16_t> workers) const;
  /// With those that are best.
  double best_host_us(const tandem::ops::program& what) const;
  /// From the call to the end of the work; waiting for it comes on top.
  double device_us(const tandem::ops::program& what) const;
  double wait_us() const;
  /// One to the host begins with the wait.
  double copy_us(tandem::plan::direction to, std::int64_t bytes) const;

 private:
  const machine& of_;
};

}  // namespace bench::regret
