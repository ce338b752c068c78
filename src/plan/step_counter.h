#pragma once

#include <string_view>

#include "plan/calibration.h"

namespace tandem::plan {

/// Counts a calibration's points.
class step_counter {
 public:
  step_counter(int total, const calibration_progress& told) : total_(total), told_(&told) {}

  /// Before each point. Throws: what the function throws.
  void next(std::string_view what) {
    if (*told_) (*told_)(done_, total_, what);
    if (done_ < total_) ++done_;
  }
  void finish() {
    if (*told_) (*told_)(total_, total_, "");
  }

 private:
  int done_ = 0;
  int total_;
  const calibration_progress* told_;
};

}  // namespace tandem::plan
