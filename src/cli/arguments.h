#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/option_reader.h"

namespace tandem::cli {

/// What commands that take an expression have in common.
struct expression_arguments {
  std::optional<std::string> expression;
  /// NAME=VALUE, in the order given.
  std::vector<std::pair<std::string, std::string>> inputs;
  bool help = false;
};

/// Reads an expression, inputs NAME=VALUE, the options of `reader` and --help, in any order. An argument that begins
/// with '-' and cannot be an option, such as -x**2, is the expression; `--` makes all later ones so.
/// Throws: `usage_error`.
void read_arguments(option_reader& reader, expression_arguments& to);

/// Throws: `usage_error` if there is neither an expression nor --help.
void require_expression(const expression_arguments& given);

/// Whether an input can have that name.
bool is_identifier(std::string_view name) noexcept;

}  // namespace tandem::cli
