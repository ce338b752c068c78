#pragma once

#include <string>

#include "cli/value.h"

namespace tandem::cli {

/// The value of an input NAME=TEXT: the array in a file if `text` names one that exists or ends in .npy, .npz or
/// .npz:MEMBER, else the value of `text` as an expression without inputs.
/// Throws: `io_error` for a file, `failure` for what is neither.
value load_input(const std::string& name, const std::string& text);

}  // namespace tandem::cli
