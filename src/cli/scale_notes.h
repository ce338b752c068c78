#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/scale_result.h"

namespace tandem::cli {

/// What the figures mean: the best count, the serial fraction and what it allows, and, if many workers gain little,
/// why. Each cause is named with the figures of this run that show it. Reads all but `notes`.
std::vector<std::string> notes_of(const scale_result& result);

/// "0.035 +- 0.004": a serial fraction between 0 and 1 with its standard error, if it has one, after `sign`.
std::string serial_fraction_text(const amdahl_fit& fit, std::string_view sign = "+-");

}  // namespace tandem::cli
