#include "cli/scale_result.h"

#include <algorithm>
#include <cmath>

#include "cli/quantile.h"

namespace tandem::cli {

const scale_row& scale_result::full() const noexcept {
  const scale_row* found = &rows.front();
  for (const scale_row& row : rows) {
    if (row.workers <= permitted_cores) found = &row;
  }
  return *found;
}

std::vector<scale_row> rows_of(const std::vector<count_times>& times) {
  std::vector<scale_row> rows;
  for (const count_times& each : times) {
    const double middle = median(each.rounds_s);
    const double speedup = (rows.empty() ? middle : rows.front().median_s) / middle;
    rows.push_back({each.workers, middle, quantile(each.rounds_s, 0.25), quantile(each.rounds_s, 0.75),
                    median_absolute_deviation(each.rounds_s), speedup, speedup / each.workers});
  }
  return rows;
}

int best_count(const std::vector<scale_row>& rows, int rounds) {
  const auto standard_error = [&](const scale_row& row) {
    // The deviation of normal values is 0.6745 of their standard deviation, and the median's error is sqrt(pi / 2)
    // times the mean's.
    return 1.2533 * row.deviation_s / 0.6745 / std::sqrt(rounds);
  };
  const scale_row& fastest = *std::min_element(
      rows.begin(), rows.end(), [](const scale_row& a, const scale_row& b) { return a.median_s < b.median_s; });
  for (const scale_row& row : rows) {
    const double noise = std::hypot(standard_error(row), standard_error(fastest));
    if (row.median_s - fastest.median_s <= std::max(0.02 * fastest.median_s, noise)) return row.workers;
  }
  return fastest.workers;
}

}  // namespace tandem::cli
