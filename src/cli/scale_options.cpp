#include "cli/scale_options.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include <tandem/policy.h>

#include "cli/arguments.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

constexpr std::string_view known_options[] = {"-o",       "--output", "--max", "--seconds",
                                              "--rounds", "--json",   "-h",    "--help"};

// Enough for any machine, and little enough that a slip of the finger does not run for a day.
constexpr double max_seconds = 3600;
constexpr int max_rounds = 1000;

// The whole text as a number, or nothing.
template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

int parse_count(std::string_view option, std::string_view text, int most) {
  const std::optional<int> count = number_in<int>(text);
  if (!count || *count < 1 || *count > most) {
    throw usage_error(fmt::format("{} takes a number from 1 to {}; given '{}'", option, most, text));
  }
  return *count;
}

double parse_seconds(std::string_view text) {
  const std::optional<double> seconds = number_in<double>(text);
  // A comparison with nan is false.
  if (!seconds || !(*seconds > 0 && *seconds <= max_seconds)) {
    throw usage_error(fmt::format("--seconds takes a number above 0, at most {}; given '{}'", max_seconds, text));
  }
  return *seconds;
}

class option_reader final : argument_reader {
 public:
  explicit option_reader(std::span<const std::string> arguments) : argument_reader(arguments, known_options) {}

  scale_options read() {
    read_all();
    if (!options_.help && !expression_) throw usage_error("an expression is missing");
    options_.expression = expression_.value_or("");
    options_.inputs = std::move(inputs_);
    return std::move(options_);
  }

 private:
  bool read_option(std::string_view name) override {
    if (name == "-o" || name == "--output") {
      read_output(value());
    } else if (name == "--max") {
      once(options_.max.has_value());
      options_.max = parse_count(name, value(), max_workers);
    } else if (name == "--seconds") {
      once(std::exchange(seconds_given_, true));
      options_.seconds = parse_seconds(value());
    } else if (name == "--rounds") {
      once(std::exchange(rounds_given_, true));
      options_.rounds = parse_count(name, value(), max_rounds);
    } else if (name == "--json") {
      flag(options_.json);
    } else if (name == "-h" || name == "--help") {
      flag(options_.help);
    } else {
      return false;
    }
    return true;
  }

  void read_output(std::string path) {
    if (!path.ends_with(".csv") && !path.ends_with(".json") && !path.ends_with(".svg")) {
      throw usage_error(fmt::format("an output must end in .csv, .json or .svg; given '{}'", path));
    }
    options_.outputs.push_back(std::move(path));
  }

  scale_options options_;
  bool seconds_given_ = false;
  bool rounds_given_ = false;
};

}  // namespace

scale_options parse_scale_options(std::span<const std::string> arguments) { return option_reader(arguments).read(); }

}  // namespace tandem::cli
