#pragma once

#include <cstdint>
#include <string>

// Quantities as people read them.
namespace tandem::cli {

/// Three digits and a unit: "3.21 us", "120 ms", "1.50 s".
std::string time_text(double seconds);

/// The same of bytes, by thousands: "18.0 MB".
std::string bytes_text(std::int64_t bytes);

/// The same of bytes a second: "18.2 GB/s".
std::string rate_text(double bytes_per_s);

/// Three digits: "1.93", "12.8", "128".
std::string three_digits(double number);

/// "1 worker", "2 workers".
std::string workers_text(int workers);

}  // namespace tandem::cli
