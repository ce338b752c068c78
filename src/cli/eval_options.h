#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tandem/device.h>

namespace tandem::cli {

/// What `tandem eval` is asked to do.
struct eval_options {
  std::string expression;
  /// NAME=VALUE, in the order given.
  std::vector<std::pair<std::string, std::string>> inputs;
  /// A .npy or .npz file.
  std::optional<std::string> output;
  std::optional<std::string> batch;
  std::optional<int> workers;
  std::optional<tandem::device> device;
  bool time = false;
  bool explain = false;
  bool help = false;
};

/// Reads the arguments after `eval`, as `argument_reader` does. Throws: `usage_error`.
eval_options parse_eval_options(std::span<const std::string> arguments);

}  // namespace tandem::cli
