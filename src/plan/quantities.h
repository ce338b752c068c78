#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Numbers as people read them.
namespace tandem::plan {

/// "1.23", "45.6", "789".
std::string three_digits(double value);
/// With the prefix of a power of a thousand, for a unit to follow: "1.23 G", "45.6 ".
std::string with_prefix(double value);
/// "12.3 us", "4.56 ms", "7.89 s", "3.20 h".
std::string duration_text(double us);
/// "512 B", "1.50 GB": powers of ten, as links are measured in.
std::string bytes_text(std::int64_t bytes);
/// "3.10 x".
std::string speedup_text(double factor);
/// "1 core", "2 cores".
std::string counted(std::int64_t count, std::string_view noun);

}  // namespace tandem::plan
