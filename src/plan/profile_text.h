#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/profile.h"

// Profiles as JSON.
namespace tandem::plan {

/// Raised when a text of before would be understood wrongly.
inline constexpr int profile_version = 1;
inline constexpr std::size_t most_profile_bytes = 64 * 1024;
inline constexpr std::size_t most_points = 64;
inline constexpr std::size_t most_profile_devices = 16;

/// How many digits numbers have: measurements are not worth more than five; to predict the same times, to the last bit,
/// it takes all of them.
enum class digits { five, all };
/// Throws: `io_error` if it has more than `most_profile_bytes`, `std::bad_alloc`.
std::string text_of(const profile& of, digits how_many = digits::five);

/// Whether `text_of` can write it. Throws: `std::bad_alloc`.
bool fits_in_file(const profile& of);

/// What is to be had of a text that nobody vouches for. A part in which anything is wrong is left out.
struct profile_parts {
  std::optional<host_profile> host;
  /// Of the host.
  validators valid_for;
  std::vector<named_device_profile> devices;
  /// What is wrong, each with where it is: "host.fork_us.values[2].value: -3 is not positive".
  std::vector<std::string> problems;
};
/// Every number of what it gives is finite and within the limits of limits.h, curves have points and ascend, and texts
/// have no control characters. Throws: `std::bad_alloc`.
profile_parts read_profile_text(std::string_view text);

}  // namespace tandem::plan
