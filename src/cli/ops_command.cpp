#include <fmt/format.h>

#include <string>

#include <tandem/call.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/parallel_table.h"
#include "cli/signature.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

// Wide enough for most signatures; a longer one pushes its summary to the right.
constexpr int summary_column = 34;

std::string plain_list() {
  std::string text;
  std::string_view group;
  for (const function_info& function : functions()) {
    if (function.group != group) {
      text += fmt::format("{}{}\n", group.empty() ? "" : "\n", function.group);
      group = function.group;
    }
    text += fmt::format("  {:<{}}  {}\n", signature(function), summary_column, function.summary);
  }
  return text;
}

std::string markdown() {
  std::string text = "# Functions\n\nWritten by `tandem ops --markdown`.\n";
  std::string_view group;
  for (const function_info& function : functions()) {
    if (function.group != group) {
      text += fmt::format("\n## {}\n\n| function | effect |\n|---|---|\n", function.group);
      group = function.group;
    }
    text += fmt::format("| `{}` | {} |\n", table_cell(signature(function)), table_cell(function.summary));
  }
  return text;
}

}  // namespace

int run_ops(std::span<const std::string> arguments) {
  if (arguments.empty()) {
    write_output(plain_list());
  } else if (arguments.size() == 1 && arguments[0] == "--markdown") {
    write_output(markdown());
  } else if (arguments.size() == 1 && arguments[0] == "--parallel") {
    write_output(parallel_table());
  } else if (arguments.size() == 1 && (arguments[0] == "--help" || arguments[0] == "-h")) {
    write_output(help_text("ops"));
  } else {
    throw usage_error(fmt::format("ops takes no argument but --markdown or --parallel; given '{}'", arguments.back()));
  }
  return exit_success;
}

}  // namespace tandem::cli
