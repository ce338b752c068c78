#include "cli/option_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include <tandem/errors.h>
#include <tandem/policy.h>

#include "cli/status.h"

namespace tandem::cli {

namespace {

// The whole text as a number, or nothing.
template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Whether the text is that word, in letters of any case.
bool is_word(std::string_view text, std::string_view word) {
  return std::ranges::equal(text, word, {}, [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
}

}  // namespace

int parse_workers(std::string_view name, std::string_view text) {
  if (is_word(text, "auto") || is_word(text, "automatic")) return automatic_workers;
  const std::optional<int> workers = number_in<int>(text);
  if (!workers || ((*workers < 1 || *workers > max_workers) && *workers != all_permitted_cores)) {
    throw usage_error(fmt::format("{} takes a number of cores, 1 to {}, -1 for all permitted ones, or auto; given '{}'",
                                  name, max_workers, text));
  }
  return *workers;
}

device parse_device(std::string_view name, std::string_view text) {
  try {
    return device::named(text);
  } catch (const argument_error& error) {
    throw usage_error(fmt::format("{}: {}", name, error.what()));
  }
}

int parse_count(std::string_view name, std::string_view text, int most) {
  const std::optional<int> count = number_in<int>(text);
  if (!count || *count < 1 || *count > most) {
    throw usage_error(fmt::format("{} takes a number from 1 to {}; given '{}'", name, most, text));
  }
  return *count;
}

double parse_seconds(std::string_view name, std::string_view text, double most) {
  const std::optional<double> seconds = number_in<double>(text);
  // A comparison with nan is false.
  if (!seconds || !(*seconds > 0 && *seconds <= most)) {
    throw usage_error(fmt::format("{} takes a number above 0, at most {}; given '{}'", name, most, text));
  }
  return *seconds;
}

}  // namespace tandem::cli
