#pragma once

#include <optional>
#include <span>
#include <string>

#include <tandem/device.h>

#include "cli/arguments.h"

namespace tandem::cli {

/// What `tandem eval` is asked to do.
struct eval_options : expression_arguments {
  /// A .npy or .npz file.
  std::optional<std::string> output;
  std::optional<std::string> batch;
  std::optional<int> workers;
  std::optional<tandem::device> device;
  bool time = false;
  bool explain = false;
};

/// Reads the arguments after `eval`, as `read_arguments` does. Throws: `usage_error`.
eval_options parse_eval_options(std::span<const std::string> arguments);

}  // namespace tandem::cli
