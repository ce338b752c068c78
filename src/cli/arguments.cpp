#include "cli/arguments.h"

#include <fmt/format.h>

#include <algorithm>

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

void read_operand(const std::string& argument, expression_arguments& to) {
  const std::size_t end = name_end(argument);
  if (end == std::string::npos) {
    if (!to.expression) {
      to.expression = argument;
      return;
    }
    throw usage_error(fmt::format("'{}' is not NAME=VALUE, and the expression is '{}'", argument, *to.expression));
  }
  std::string name = argument.substr(0, end);
  const auto same = [&](const auto& input) { return input.first == name; };
  if (is_reserved(name)) throw usage_error(fmt::format("'{}' cannot be the name of an input", name));
  if (std::any_of(to.inputs.begin(), to.inputs.end(), same)) {
    throw usage_error(fmt::format("'{}' is given twice", name));
  }
  if (end + 1 == argument.size()) throw usage_error(fmt::format("'{}=' needs a file or a value", name));
  to.inputs.emplace_back(std::move(name), argument.substr(end + 1));
}

}  // namespace

void read_arguments(option_reader& reader, expression_arguments& to) {
  reader.flag({"-h", "--help"}, to.help);
  while (const std::string* const argument = reader.next_other()) {
    if (*argument == "--") {
      while (const std::string* const operand = reader.next()) read_operand(*operand, to);
      return;
    }
    if (looks_like_option(*argument)) reader.refuse(*argument, "put -- before an expression that begins with '-'");
    read_operand(*argument, to);
  }
}

void require_expression(const expression_arguments& given) {
  if (!given.help && !given.expression) throw usage_error("an expression is missing");
}

bool is_identifier(std::string_view name) noexcept {
  if (name.empty() || is_digit(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

}  // namespace tandem::cli
