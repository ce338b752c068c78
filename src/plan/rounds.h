#pragma once

#include <span>
#include <vector>

#include "plan/point.h"
#include "plan/profile.h"

namespace tandem::plan {

/// Rounds of one calibration, at least one, as one profile: of each constant the second best, the best if there are
/// fewer than three. Other work on the machine only ever makes times longer, and so it may disturb all rounds but two;
/// the best is not taken, because it may owe that to what was subtracted from it. The deviation counts what rounds
/// differ by. Points that only some rounds have are left out. `fork_us` and `speedup` are those of the first round.
/// Throws: `std::bad_alloc`.
host_profile combined(std::span<const host_profile> rounds);

/// Of a time that was measured in each round, the second shortest; the shortest if there are fewer than three.
measured second_best(std::vector<measured> rounds);

}  // namespace tandem::plan
