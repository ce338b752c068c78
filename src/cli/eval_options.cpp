#include "cli/eval_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include <tandem/policy.h>

#include "cli/hints.h"
#include "cli/interpreter.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

constexpr std::string_view known_options[] = {"-o", "--output", "--time", "--workers", "--batch", "-h", "--help"};

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Whether an argument looks like an option and not like an expression: -x, --word, --word=value.
bool looks_like_option(std::string_view argument) {
  if (argument.size() == 2) return argument[0] == '-' && is_letter(argument[1]);
  if (!argument.starts_with("--") || argument.size() < 4) return false;
  const std::string_view word = argument.substr(2, argument.find('=') - 2);
  if (word.empty()) return false;
  return is_letter(word.front()) &&
         std::all_of(word.begin(), word.end(), [](char c) { return is_letter(c) || c == '-'; });
}

// Where the name of NAME=VALUE ends, or npos if the argument is no input: `a == b` is an expression.
std::size_t name_end(std::string_view argument) {
  const std::size_t end = argument.find('=');
  if (end == std::string_view::npos || argument.substr(end, 2) == "==") return std::string_view::npos;
  return is_identifier(argument.substr(0, end)) ? end : std::string_view::npos;
}

int parse_workers(std::string_view text) {
  int workers = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), workers);
  if (status != std::errc() || end != text.data() + text.size() ||
      ((workers < 1 || workers > max_workers) && workers != -1)) {
    throw usage_error(fmt::format(
        "--workers takes a number of cores, 1 to {}, or -1 for all permitted ones; given '{}'", max_workers, text));
  }
  return workers;
}

class option_reader {
 public:
  explicit option_reader(std::span<const std::string> arguments) : arguments_(arguments) {}

  eval_options read() {
    bool only_operands = false;
    while (next_ < arguments_.size()) {
      const std::string& argument = arguments_[next_++];
      if (!only_operands && argument == "--") {
        only_operands = true;
      } else if (only_operands || !read_option(argument)) {
        read_operand(argument);
      }
    }
    check();
    return std::move(options_);
  }

 private:
  bool read_option(std::string_view argument) {
    const std::size_t equals = argument.starts_with("--") ? argument.find('=') : std::string_view::npos;
    const std::string_view name = argument.substr(0, equals);
    std::optional<std::string> attached;
    if (equals != std::string_view::npos) attached = argument.substr(equals + 1);

    const auto value = [&]() -> std::string {
      if (attached) return *attached;
      if (next_ == arguments_.size()) throw usage_error(fmt::format("{} needs a value", name));
      return arguments_[next_++];
    };
    const auto once = [&](bool given) {
      if (given) throw usage_error(fmt::format("{} is given twice", name));
    };
    const auto flag = [&](bool& option) {
      if (attached) throw usage_error(fmt::format("{} takes no value", name));
      option = true;
    };
    if (name == "-o" || name == "--output") {
      once(options_.output.has_value());
      options_.output = value();
    } else if (name == "--workers") {
      once(options_.workers.has_value());
      options_.workers = parse_workers(value());
    } else if (name == "--batch") {
      once(options_.batch.has_value());
      options_.batch = value();
    } else if (name == "--time") {
      flag(options_.time);
    } else if (name == "-h" || name == "--help") {
      flag(options_.help);
    } else if (looks_like_option(argument)) {
      const std::string_view near = nearest(name, known_options);
      const std::string advice = near.empty() || near.size() == 2 ? "put -- before an expression that begins with '-'"
                                                                  : fmt::format("did you mean '{}'?", near);
      throw usage_error(fmt::format("there is no option '{}'; {}", name, advice));
    } else {
      return false;
    }
    return true;
  }

  void read_operand(const std::string& argument) {
    const std::size_t end = name_end(argument);
    if (end == std::string::npos) {
      if (!has_expression_) {
        options_.expression = argument;
        has_expression_ = true;
        return;
      }
      throw usage_error(
          fmt::format("'{}' is not NAME=VALUE, and the expression is '{}'", argument, options_.expression));
    }
    std::string name = argument.substr(0, end);
    const auto same = [&](const auto& input) { return input.first == name; };
    if (is_reserved(name)) throw usage_error(fmt::format("'{}' cannot be the name of an input", name));
    if (std::any_of(options_.inputs.begin(), options_.inputs.end(), same)) {
      throw usage_error(fmt::format("'{}' is given twice", name));
    }
    if (end + 1 == argument.size()) throw usage_error(fmt::format("'{}=' needs a file or a value", name));
    options_.inputs.emplace_back(std::move(name), argument.substr(end + 1));
  }

  void check() const {
    if (options_.help) return;
    if (options_.batch) {
      if (has_expression_ || !options_.inputs.empty() || options_.output) {
        throw usage_error("with --batch, expressions, inputs and outputs stand in the file");
      }
    } else if (!has_expression_) {
      throw usage_error("an expression is missing");
    }
    if (options_.output && !options_.output->ends_with(".npy") && !options_.output->ends_with(".npz")) {
      throw usage_error(fmt::format("the output must end in .npy or .npz; given '{}'", *options_.output));
    }
  }

  std::span<const std::string> arguments_;
  std::size_t next_ = 0;
  eval_options options_;
  bool has_expression_ = false;
};

}  // namespace

bool is_identifier(std::string_view name) noexcept {
  if (name.empty() || is_digit(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

eval_options parse_eval_options(std::span<const std::string> arguments) { return option_reader(arguments).read(); }

}  // namespace tandem::cli
