#include "plan/quantities.h"

#include <fmt/format.h>

#include <array>

namespace tandem::plan {

std::string three_digits(double value) {
  return fmt::format("{:.{}f}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

std::string with_prefix(double value) {
  constexpr std::array<std::string_view, 7> prefixes{"", "k", "M", "G", "T", "P", "E"};
  std::size_t power = 0;
  // What would be shown as 1000 is 1 of the next.
  for (; value >= 999.5 && power + 1 < prefixes.size(); ++power) value /= 1000;
  return fmt::format("{} {}", three_digits(value), prefixes[power]);
}

std::string duration_text(double us) {
  struct unit {
    double us;
    std::string_view name;
  };
  constexpr unit units[] = {{3600e6, "h"}, {1e6, "s"}, {1e3, "ms"}, {1, "us"}};
  for (const unit& each : units) {
    if (us < each.us * 0.9995 && each.us > 1) continue;
    return fmt::format("{} {}", three_digits(us / each.us), each.name);
  }
  return fmt::format("{} us", us);
}

std::string bytes_text(std::int64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  return with_prefix(static_cast<double>(bytes)) + "B";
}

std::string speedup_text(double factor) { return three_digits(factor) + " x"; }

std::string counted(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace tandem::plan
