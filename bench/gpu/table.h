#pragma once

#include <span>
#include <string>

#include "gpu/row.h"

namespace bench {

/// What the figures are of.
struct run_description {
  /// "NVIDIA H200 (gpu:0)"; a simulated device's begins with "simulated".
  std::string device;
  std::string facts;
  bool is_simulated = false;
  /// Sizes were small, so that no target is meant for them.
  bool is_quick = false;
};

/// The rows as text for people, a line each.
std::string text_table(std::span<const row> rows, const run_description& of);
/// The rows as comma-separated values, with a line of names first; comments in lines that begin with #.
std::string csv_table(std::span<const row> rows, const run_description& of);

}  // namespace bench
