#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/hints.h"
#include "cli/location.h"
#include "cli/output.h"
#include "cli/status.h"

namespace tandem::cli {

void report(std::string_view message) { std::fputs(fmt::format("tandem: {}\n", one_line(message)).c_str(), stderr); }

namespace {

int run(std::span<const std::string> arguments) {
  if (arguments.empty()) throw usage_error("a command is missing: eval, scale, calibrate, info, ops or help");
  const std::string& command = arguments[0];
  const std::span<const std::string> rest = arguments.subspan(1);
  if (command == "eval") return run_eval(rest);
  if (command == "scale") return run_scale(rest);
  if (command == "calibrate") return run_calibrate(rest);
  if (command == "info") return run_info(rest);
  if (command == "ops") return run_ops(rest);
  if (command == "help" || command == "--help" || command == "-h") return run_help(rest);
  if (command == "--version") {
    write_output("tandem " TANDEM_VERSION "\n");
    return exit_success;
  }
  constexpr std::string_view commands[] = {"eval", "scale", "calibrate", "info", "ops", "help", "--help", "--version"};
  const std::string_view near = nearest(command, commands);
  throw usage_error(fmt::format("there is no command '{}'; {}", command,
                                near.empty() ? "the commands are eval, scale, calibrate, info, ops and help"
                                             : fmt::format("did you mean '{}'?", near)));
}

int run_and_report(std::span<const std::string> arguments) {
  try {
    return run(arguments);
  } catch (const usage_error& error) {
    const bool has_options =
        !arguments.empty() && (arguments[0] == "eval" || arguments[0] == "scale" || arguments[0] == "calibrate");
    report(fmt::format("{} (see 'tandem help{}')", error.what(), has_options ? " " + arguments[0] : ""));
    return exit_usage;
  } catch (const std::bad_alloc&) {
    report("out of memory");
  } catch (const std::exception& error) {
    // An empty message: whoever read the output is gone, and knows.
    if (!std::string_view(error.what()).empty()) report(error.what());
  }
  return exit_failure;
}

}  // namespace

}  // namespace tandem::cli

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return tandem::cli::run_and_report(arguments);
}
