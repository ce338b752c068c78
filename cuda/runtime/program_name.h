#pragma once

#include <string>

#include "ops/program.h"

namespace tandem::cuda {

/// How errors and profilers call a program: its stages, each by what it is or by its last operation: "add, sum".
/// Programs of more than four stages end with "...". Throws: `std::bad_alloc`.
std::string program_name(const ops::program& what);

/// The same text for the same name, for as long as the process lives. Thread safety: any thread.
/// Throws: `std::bad_alloc`.
const std::string& kept_name(const std::string& name);

}  // namespace tandem::cuda
