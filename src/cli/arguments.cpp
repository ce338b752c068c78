#include "cli/arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/hints.h"
#include "cli/interpreter.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

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

}  // namespace

void argument_reader::read_all() {
  bool only_operands = false;
  while (next_ < arguments_.size()) {
    const std::string& argument = arguments_[next_++];
    if (!only_operands && argument == "--") {
      only_operands = true;
    } else if (only_operands || !try_option(argument)) {
      read_operand(argument);
    }
  }
}

std::string argument_reader::value() {
  if (attached_) return *attached_;
  if (next_ == arguments_.size()) throw usage_error(fmt::format("{} needs a value", name_));
  return arguments_[next_++];
}

void argument_reader::flag(bool& option) const {
  if (attached_) throw usage_error(fmt::format("{} takes no value", name_));
  option = true;
}

void argument_reader::once(bool given) const {
  if (given) throw usage_error(fmt::format("{} is given twice", name_));
}

bool argument_reader::try_option(std::string_view argument) {
  const std::size_t equals = argument.starts_with("--") ? argument.find('=') : std::string_view::npos;
  name_ = argument.substr(0, equals);
  attached_.reset();
  if (equals != std::string_view::npos) attached_ = argument.substr(equals + 1);
  if (read_option(name_)) return true;
  if (!looks_like_option(argument)) return false;
  const std::string_view near = nearest(name_, options_);
  const std::string advice = near.empty() || near.size() == 2 ? "put -- before an expression that begins with '-'"
                                                              : fmt::format("did you mean '{}'?", near);
  throw usage_error(fmt::format("there is no option '{}'; {}", name_, advice));
}

void argument_reader::read_operand(const std::string& argument) {
  const std::size_t end = name_end(argument);
  if (end == std::string::npos) {
    if (!expression_) {
      expression_ = argument;
      return;
    }
    throw usage_error(fmt::format("'{}' is not NAME=VALUE, and the expression is '{}'", argument, *expression_));
  }
  std::string name = argument.substr(0, end);
  const auto same = [&](const auto& input) { return input.first == name; };
  if (is_reserved(name)) throw usage_error(fmt::format("'{}' cannot be the name of an input", name));
  if (std::any_of(inputs_.begin(), inputs_.end(), same)) {
    throw usage_error(fmt::format("'{}' is given twice", name));
  }
  if (end + 1 == argument.size()) throw usage_error(fmt::format("'{}=' needs a file or a value", name));
  inputs_.emplace_back(std::move(name), argument.substr(end + 1));
}

bool is_identifier(std::string_view name) noexcept {
  if (name.empty() || is_digit(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

}  // namespace tandem::cli
