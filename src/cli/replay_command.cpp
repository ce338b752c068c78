#include <fmt/format.h>

#include <string>

#include <tandem/decisions.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/status.h"

namespace tandem::cli {

int run_replay(std::span<const std::string> arguments) {
  if (arguments.size() == 1 && (arguments[0] == "--help" || arguments[0] == "-h")) {
    write_output(help_text("replay"));
    return exit_success;
  }
  if (arguments.size() != 1 || (arguments[0].starts_with('-') && arguments[0].size() > 1)) {
    throw usage_error("replay takes one decision log, and no option but --help");
  }
  const replay_result found = replay(arguments[0]);
  write_output(to_string(found));
  return found.different == 0 ? exit_success : exit_failure;
}

}  // namespace tandem::cli
