#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tandem/device.h>

namespace tandem::cli {

/// What `tandem explain` is asked to do.
struct explain_options {
  std::string expression;
  /// NAME=VALUE, in the order given.
  std::vector<std::pair<std::string, std::string>> inputs;
  /// Devices to choose among, beside the CPU; empty for those that this machine has.
  std::vector<device> candidates;
  std::optional<int> workers;
  bool help = false;
};

/// Reads the arguments after `explain`, as `argument_reader` does. Throws: `usage_error`.
explain_options parse_explain_options(std::span<const std::string> arguments);

}  // namespace tandem::cli
