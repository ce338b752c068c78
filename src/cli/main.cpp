#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <iterator>
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

struct command_row {
  std::string_view name;
  int (*run)(std::span<const std::string> arguments);
  /// Errors of its use point to the help for it.
  bool has_own_help;
};
constexpr command_row commands[] = {
    {"eval", run_eval, true},           {"scale", run_scale, true},   {"explain", run_explain, true},
    {"calibrate", run_calibrate, true}, {"whatif", run_whatif, true}, {"replay", run_replay, true},
    {"info", run_info, false},          {"ops", run_ops, false},      {"help", run_help, false}};

const command_row* find_command(std::string_view name) {
  for (const command_row& each : commands) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

// "eval, scale and help"
std::string names_of_commands(std::string_view last_link) {
  std::string text;
  for (const command_row& each : commands) {
    const bool is_last = &each == std::end(commands) - 1;
    text += fmt::format("{}{}", text.empty() ? "" : is_last ? last_link : ", ", each.name);
  }
  return text;
}

int run(std::span<const std::string> arguments) {
  if (arguments.empty()) throw usage_error("a command is missing: " + names_of_commands(" or "));
  const std::string& name = arguments[0];
  const std::span<const std::string> rest = arguments.subspan(1);
  if (const command_row* const found = find_command(name)) return found->run(rest);
  if (name == "--help" || name == "-h") return run_help(rest);
  if (name == "--version") {
    write_output("tandem " TANDEM_VERSION "\n");
    return exit_success;
  }
  std::vector<std::string_view> known = {"--help", "--version"};
  for (const command_row& each : commands) known.push_back(each.name);
  const std::string_view near = nearest(name, known);
  throw usage_error(fmt::format(
      "there is no command '{}'; {}", name,
      near.empty() ? "the commands are " + names_of_commands(" and ") : fmt::format("did you mean '{}'?", near)));
}

int run_and_report(std::span<const std::string> arguments) {
  try {
    return run(arguments);
  } catch (const usage_error& error) {
    const command_row* const used = arguments.empty() ? nullptr : find_command(arguments[0]);
    const bool has_help = used != nullptr && used->has_own_help;
    report(fmt::format("{} (see 'tandem help{}')", error.what(), has_help ? " " + arguments[0] : ""));
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
