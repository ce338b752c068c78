#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "cli/steps.h"

namespace tandem::cli {

/// Longest expression, in bytes.
inline constexpr std::size_t max_expression_bytes = 65536;

/// The steps of an expression in Python's grammar and precedence: operators, calls, indices, lists, tuples and
/// literals. The steps point into `text`. Throws: `expression_error`.
std::vector<step> parse(std::string_view text);

}  // namespace tandem::cli
