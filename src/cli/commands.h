#pragma once

#include <span>
#include <string>
#include <string_view>

// The commands: each takes the arguments after its name and returns the exit status.
// Throws: `usage_error`, `failure`, `error`.
namespace tandem::cli {

int run_eval(std::span<const std::string> arguments);
int run_scale(std::span<const std::string> arguments);
int run_explain(std::span<const std::string> arguments);
int run_info(std::span<const std::string> arguments);
int run_ops(std::span<const std::string> arguments);
int run_calibrate(std::span<const std::string> arguments);
int run_whatif(std::span<const std::string> arguments);
int run_replay(std::span<const std::string> arguments);
int run_help(std::span<const std::string> arguments);

/// What `tandem help TOPIC` prints; the general help for "".
/// Throws: `usage_error` if there is neither a command nor a function of that name.
std::string help_text(std::string_view topic);

/// Prints an error on standard error, on one line.
void report(std::string_view message);

}  // namespace tandem::cli
