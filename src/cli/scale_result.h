#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/amdahl.h"
#include "cli/memory_roof.h"
#include "cli/throttling.h"

// What `tandem scale` has found, for those who write it down.
namespace tandem::cli {

/// One number of workers.
struct scale_row {
  int workers;
  double median_s;
  double lower_quartile_s;
  double upper_quartile_s;
  /// Median of the distances from the median.
  double deviation_s;
  /// The median with one worker over this one, and that for each worker.
  double speedup;
  double efficiency;
};

struct scale_result {
  std::string expression;
  /// Names and what they stand for: "float64 (1500, 1500)".
  std::vector<std::pair<std::string, std::string>> inputs;
  std::string version;
  /// "" if it is not known.
  std::string processor;
  /// Of the measurement, in UTC: "2026-11-21".
  std::string date;
  int permitted_cores;
  /// Which limit decides that number, and where it was found; "" if that is not known.
  std::string core_limit;
  double seconds;
  int rounds;

  /// The numbers of workers ascend from 1.
  std::vector<count_times> times;
  std::vector<scale_row> rows;
  /// Over the counts that are permitted.
  std::optional<amdahl_fit> fit;
  /// The least count that is as fast as the fastest; see `best_count`.
  int best;
  std::int64_t moved_bytes;
  /// Nothing for work on so few bytes that memory cannot matter.
  std::optional<memory_roof> roof;
  /// Periods in which a quota stopped the process while it was measured; nothing if the kernel does not tell.
  std::optional<throttling> stopped;
  /// The share of their time for which the workers of `full` waited for a core; nothing if the kernel does not tell.
  std::optional<double> waiting;
  /// What the figures mean, a sentence or two each.
  std::vector<std::string> notes;

  /// The row of the largest count that is permitted.
  const scale_row& full() const noexcept;
};

std::vector<scale_row> rows_of(const std::vector<count_times>& times);

/// The least count whose median exceeds the least median by no more than 2 %, or by no more than the standard error of
/// the difference between the two, which is taken from the deviations as for normally distributed times.
int best_count(const std::vector<scale_row>& rows, int rounds);

}  // namespace tandem::cli
