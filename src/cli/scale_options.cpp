#include "cli/scale_options.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include <tandem/policy.h>

#include "cli/option_values.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

// Enough for any machine, and little enough that a slip of the finger does not run for a day.
constexpr double max_seconds = 3600;
constexpr int max_rounds = 1000;

auto count_up_to(int most) {
  return [most](std::string_view name, std::string_view text) { return parse_count(name, text, most); };
}

}  // namespace

scale_options parse_scale_options(std::span<const std::string> arguments) {
  scale_options options;
  option_reader reader(arguments);
  reader.each({"-o", "--output"}, [&](std::string_view, std::string path) {
    if (!path.ends_with(".csv") && !path.ends_with(".json") && !path.ends_with(".svg")) {
      throw usage_error(fmt::format("an output must end in .csv, .json or .svg; given '{}'", path));
    }
    options.outputs.push_back(std::move(path));
  });
  reader.once({"--max"}, options.max, count_up_to(max_workers));
  reader.once({"--seconds"}, options.seconds,
              [](std::string_view name, std::string_view text) { return parse_seconds(name, text, max_seconds); });
  reader.once({"--rounds"}, options.rounds, count_up_to(max_rounds));
  reader.flag({"--json"}, options.json);
  read_arguments(reader, options);
  require_expression(options);
  return options;
}

}  // namespace tandem::cli
