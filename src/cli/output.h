#pragma once

#include <string_view>

namespace tandem::cli {

/// Writes to standard output, through to the file or pipe.
/// Throws: `failure`; one without a message if nobody reads the pipe any more.
void write_output(std::string_view text);

}  // namespace tandem::cli
