#pragma once

#include <functional>
#include <vector>

#include <tandem/tandem.h>

namespace bench {

/// Something to measure.
struct contestant {
  /// Gives one piece of work to the device.
  std::function<void()> call;
  /// Waits until what was given is done.
  std::function<void()> wait;
  /// If there is one, it is done before each call, and not measured.
  std::function<void()> prepare = nullptr;
  /// Only the calls are measured, and not the wait.
  bool until_return = false;
};

/// How much is measured.
struct effort {
  int rounds = 15;
  /// A turn takes at least that long: as many calls as that needs are measured together.
  double turn_us = 20'000;
};

/// Microseconds of one call, over the rounds.
struct timing {
  double median_us = 0;
  double fastest_us = 0;
  double slowest_us = 0;
};

/// Measures all of them in turns, so that each round sees the same state of the machine. Before that each is warmed up.
/// Throws: what they throw.
std::vector<timing> take_turns(const std::vector<contestant>& all, const effort& how, const tandem::device& where);

}  // namespace bench
