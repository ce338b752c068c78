#pragma once

#include "regret/scene.h"

namespace bench::regret {

/// What a decision takes by this machine's clock, in nanoseconds: of a program that was decided on before with the same
/// sizes, and the first one of a program.
struct deciding_times {
  double warm_ns;
  double cold_ns;
};
deciding_times measure_deciding(scene& on);

}  // namespace bench::regret
