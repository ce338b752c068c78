#pragma once

#include <string_view>

#include <tandem/device.h>

// Values of options that say what a policy says.
namespace tandem::cli {

/// 1 to `max_workers`, or -1 for all permitted cores. Throws: `usage_error`.
int parse_workers(std::string_view text);

/// As `device::named`. Throws: `usage_error`.
device parse_device(std::string_view text);

}  // namespace tandem::cli
