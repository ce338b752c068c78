#pragma once

#include <gtest/gtest.h>

#include <cstdint>

#include <tandem/simulation.h>

// Faults of a simulated device, one after the other.
namespace tandem::testing {

/// Does `work` again and again while the first, the second, ... thing of its kind on the device fails, until there are
/// no more of them to fail; after each failure, calls `after` with the exception, without faults. Returns how many
/// things failed. `which` is the counter of the kind: `&simulated_faults::fail_copy`.
/// To be used in a test: it fails if `work` throws anything else, or does not end.
template <class Exception, class Work, class After>
int fail_in_turn(const char* device_name, std::int64_t simulated_faults::* which, Work&& work, After&& after) {
  constexpr int most = 1000;
  for (int turn = 1; turn <= most; ++turn) {
    simulated_faults faults;
    faults.*which = turn;
    set_simulated_faults(device_name, faults);
    try {
      work();
      set_simulated_faults(device_name, {});
      return turn - 1;
    } catch (const Exception& error) {
      set_simulated_faults(device_name, {});
      after(error);
    }
  }
  ADD_FAILURE() << "after " << most << " turns there is still something that fails";
  return most;
}

}  // namespace tandem::testing
