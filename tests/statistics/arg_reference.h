#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include <tandem/statistics.h>

#include "statistics/reference.h"
#include "support/exact_array.h"

// What argmin and argmax are to give, by a plain loop over the elements of each group.
namespace tandem::testing {

inline expr call_arg(bool largest, const expr& x, const arg_options& o) {
  return largest ? argmax(x, o) : argmin(x, o);
}

inline std::int64_t best_of(const std::vector<exact>& x, bool largest) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i].real())) return static_cast<std::int64_t>(i);
    const bool better = largest ? x[i].real() > x[best].real() : x[i].real() < x[best].real();
    if (better) best = i;
  }
  return static_cast<std::int64_t>(best);
}

inline exact_array expected_arg(bool largest, const exact_array& x, const arg_options& o) {
  const grouping grouped = group(x, o.axis ? axes(*o.axis) : axes(), o.keepdims);
  exact_array wanted{int64, grouped.shape, {}};
  for (const std::vector<exact>& each : grouped.groups)
    wanted.at.emplace_back(static_cast<real_number>(best_of(each, largest)));
  return wanted;
}

}  // namespace tandem::testing
