#pragma once

#include <tandem/tandem.h>

namespace bench {

namespace td = tandem;

/// Time as it passes for users of a device, in microseconds from some beginning: real time, or that of a simulated
/// device, which does not depend on how long the simulation takes.
/// Throws: as `tandem::simulated_time_us`.
double time_us(const td::device& where);

}  // namespace bench
