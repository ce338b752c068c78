#pragma once

#include <string>

#include "cli/scale_result.h"

// The result of `tandem scale` as text.
namespace tandem::cli {

/// A table of the counts and what they mean.
std::string report_text(const scale_result& result);

/// A line of names, then one for each count. Times are in seconds; model_s is empty where there is no fit.
std::string report_csv(const scale_result& result);

/// Everything, also the time of each round.
std::string report_json(const scale_result& result);

}  // namespace tandem::cli
