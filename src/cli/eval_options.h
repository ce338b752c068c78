#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  bool time = false;
  bool help = false;
};

/// Reads the arguments after `eval`. An argument that begins with '-' and cannot be an option, such as -x**2, is the
/// expression; `--` makes all later ones so. Throws: `usage_error`.
eval_options parse_eval_options(std::span<const std::string> arguments);

/// Whether an input can have that name.
bool is_identifier(std::string_view name) noexcept;

}  // namespace tandem::cli
