#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tandem/device.h>

#include "cli/arguments.h"

namespace tandem::cli {

/// What `tandem explain` is asked to do.
struct explain_options : expression_arguments {
  /// Devices to choose among, beside the CPU; empty for those that this machine has.
  std::vector<device> candidates;
  std::optional<int> workers;
};

/// Reads the arguments after `explain`, as `read_arguments` does. Throws: `usage_error`.
explain_options parse_explain_options(std::span<const std::string> arguments);

}  // namespace tandem::cli
