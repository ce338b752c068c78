#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "regret/recording.h"
#include "regret/scene.h"

// What recorded applications would take on machines that are made up. Nothing runs.
//
// Work and copies follow one another: what a device and the host could do at the same time is not counted, nor what a
// device needs once to make a program ready.
namespace bench::regret {

/// Microseconds of an application, by how the place of each evaluation is chosen. Where there is no planner, the best
/// number of workers is known on the host.
struct application_times {
  /// By the planner, which learns meanwhile; and when the application runs again, with other arrays.
  double planned_us;
  double repeated_us;
  double host_us;
  double device_us;
  /// Where more bytes of what it reads are; where as many are here and there, as `greedy_us`.
  double operands_us;
  /// Where the evaluation ends first, its copies included, if all times are known; what comes later is not.
  double greedy_us;
  /// The best that was found with all evaluations of one program at one place: programs change places one after the
  /// other, from each of the above, until none is left that would be better elsewhere.
  double settled_us;

  /// The least of all but `repeated_us`.
  double best_us() const noexcept;
};

/// Thread safety: none. Throws: `std::bad_alloc`.
application_times play(scene& on, const recording& of);

}  // namespace bench::regret
