#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tandem::cli {

/// What `tandem scale` is asked to do.
struct scale_options {
  std::string expression;
  /// NAME=VALUE, in the order given.
  std::vector<std::pair<std::string, std::string>> inputs;
  /// Files that end in .csv, .json or .svg.
  std::vector<std::string> outputs;
  /// The largest number of workers.
  std::optional<int> max;
  /// For each number of workers and round.
  double seconds = 0.3;
  int rounds = 7;
  bool json = false;
  bool help = false;
};

/// Reads the arguments after `scale`, as `argument_reader` does. Throws: `usage_error`.
scale_options parse_scale_options(std::span<const std::string> arguments);

}  // namespace tandem::cli
