#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/arguments.h"

namespace tandem::cli {

/// What `tandem scale` is asked to do.
struct scale_options : expression_arguments {
  /// Files that end in .csv, .json or .svg.
  std::vector<std::string> outputs;
  /// The largest number of workers.
  std::optional<int> max;
  /// For each number of workers and round.
  double seconds = 0.3;
  int rounds = 7;
  bool json = false;
};

/// Reads the arguments after `scale`, as `read_arguments` does. Throws: `usage_error`.
scale_options parse_scale_options(std::span<const std::string> arguments);

}  // namespace tandem::cli
