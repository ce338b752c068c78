#pragma once

#include <span>
#include <string>
#include <vector>

#include <tandem/expr.h>

#include "cli/interpreter.h"
#include "cli/steps.h"

namespace tandem::cli {

/// What an expression gives: one array, or several from functions such as meshgrid and from lists of arrays.
struct description {
  std::vector<expr> arrays;
  bool is_list = false;
};

/// The steps of an expression; they point into it. Throws: `failure` with the column of the mistake.
std::vector<step> parse_expression(const std::string& expression);

/// The arrays that an expression over `names` gives, described and checked but not computed.
/// Throws: `failure` with the column of the mistake, or if the expression gives no array.
description describe(const std::string& expression, const bindings& names);

/// The same for an expression that has been parsed into `steps`.
description describe(const std::string& expression, std::span<const step> steps, const bindings& names);

}  // namespace tandem::cli
