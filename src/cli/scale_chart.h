#pragma once

#include <string>
#include <string_view>

#include "cli/scale_result.h"

namespace tandem::cli {

/// The speed-up over the number of workers as an SVG 1.1 document, which needs no other file: the medians with the
/// range of their quartiles, Amdahl's law with a band of one standard error, the ideal, and what was measured where.
std::string scale_chart(const scale_result& result);

/// Text as XML can hold it: `<`, `>`, `&` and quotes escaped, tabs and ends of lines as blanks, other control
/// characters and what is no UTF-8 as U+FFFD.
std::string xml_text(std::string_view text);

}  // namespace tandem::cli
