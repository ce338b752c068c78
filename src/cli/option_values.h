#pragma once

#include <string_view>

#include <tandem/device.h>

// Values of options. `name` is the option's, for the error.
namespace tandem::cli {

/// As TANDEM_WORKERS has it: 1 to `max_workers`, -1 for all permitted cores, or `auto`. Throws: `usage_error`.
int parse_workers(std::string_view name, std::string_view text);

/// As `device::named`. Throws: `usage_error`.
device parse_device(std::string_view name, std::string_view text);

/// A whole number from 1 to `most`. Throws: `usage_error`.
int parse_count(std::string_view name, std::string_view text, int most);

/// A number above 0, at most `most`. Throws: `usage_error`.
double parse_seconds(std::string_view name, std::string_view text, double most);

}  // namespace tandem::cli
