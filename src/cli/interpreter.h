#pragma once

#include <map>
#include <span>
#include <string>

#include "cli/steps.h"
#include "cli/value.h"

namespace tandem::cli {

/// What the names of an expression stand for.
using bindings = std::map<std::string, value, std::less<>>;

/// Carries out the steps of an expression. Arrays are described and checked, not computed; only numbers are.
/// Throws: `expression_error` with the place of the step that failed.
value interpret(std::span<const step> steps, const bindings& names);

/// Whether the name has a fixed meaning in Python and can stand for nothing else.
bool is_reserved(std::string_view name) noexcept;

}  // namespace tandem::cli
