#pragma once

#include <string>

#include <tandem/call.h>

namespace tandem::cli {

/// A function as Python would show it: "sum(x, axis=None, keepdims=False, dtype=None)".
std::string signature(const function_info& function);

}  // namespace tandem::cli
