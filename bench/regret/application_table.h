#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "regret/machines.h"

namespace bench::regret {

struct judged_applications {
  /// Of all applications on all machines: how much longer than the best way it took with the planner.
  double mean;
  double mean_of_repeats;
};

/// Records all applications at a scale and plays them on the machines, each with a planner that calibration on that
/// machine made. Adds a section to the report. Throws: as `record`.
judged_applications judge_applications(std::span<const machine* const> on, double scale, std::uint64_t seed,
                                       std::string& report);

}  // namespace bench::regret
