#pragma once

#include "regret/scene.h"

namespace bench::regret {

/// How many evaluations it takes until decisions are those of a planner that knows how things are now; -1 if they are
/// not after 200.
struct recovery {
  /// After one measurement that took 500 times as long as it should.
  int from_spike;
  /// After the link became 5 times slower.
  int from_slow_link;
};
recovery measure_recovery(const machine& on, std::uint64_t seed);

}  // namespace bench::regret
