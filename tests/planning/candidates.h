#pragma once

#include <stdlib.h>

#include <initializer_list>
#include <span>

#include <tandem/planning.h>
#include <tandem/simulation.h>
#include <tandem/tandem.h>

namespace tandem::testing {

/// This process predicts from shipped constants, whatever was measured on the machine: before anything is evaluated.
inline const bool without_profile = ::setenv("TANDEM_PROFILE", "", 1) == 0;

/// Devices of tests in this program: a planner knows eight.
inline const device sim = device::simulated("h200:30");
inline const device slow_link = device::simulated("gen3-card:30");
inline const device small = device::simulated("h200:31");

/// While it lives, `device::automatic` chooses among these and the CPU; then, the CPU only.
class with_candidates {
 public:
  with_candidates(std::initializer_list<device> devices) {
    set_candidate_devices(std::span<const device>(devices.begin(), devices.size()));
  }
  ~with_candidates() { set_candidate_devices({}); }
  with_candidates(const with_candidates&) = delete;
  with_candidates& operator=(const with_candidates&) = delete;
};

/// One worker: how many cores the machine has does not matter then.
inline const policy alone = {.workers = 1};

inline const place_candidate& chosen_of(const explanation& of) {
  return of.candidates.at(static_cast<std::size_t>(of.chosen));
}

}  // namespace tandem::testing
