#include "cli/quantities.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace tandem::cli {

namespace {

// In the largest of the units, each a thousand of the one before, that leaves a figure of 1 or more.
template <std::size_t Count>
std::string in_unit(double number, const std::array<std::string_view, Count>& units) {
  std::size_t unit = 0;
  // What would be shown as 1000 is 1 of the next.
  while (unit + 1 < Count && number >= 999.5) {
    number /= 1000;
    ++unit;
  }
  return fmt::format("{} {}", three_digits(number), units[unit]);
}

}  // namespace

std::string three_digits(double number) {
  return fmt::format("{:.{}f}", number, number < 9.995 ? 2 : number < 99.95 ? 1 : 0);
}

std::string time_text(double seconds) {
  return in_unit(seconds * 1e9, std::array<std::string_view, 4>{"ns", "us", "ms", "s"});
}

std::string bytes_text(std::int64_t bytes) {
  return in_unit(static_cast<double>(bytes), std::array<std::string_view, 5>{"B", "kB", "MB", "GB", "TB"});
}

std::string rate_text(double bytes_per_s) {
  return in_unit(bytes_per_s, std::array<std::string_view, 5>{"B/s", "kB/s", "MB/s", "GB/s", "TB/s"});
}

std::string workers_text(int workers) { return fmt::format("{} worker{}", workers, workers == 1 ? "" : "s"); }

}  // namespace tandem::cli
