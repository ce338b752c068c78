#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <tandem/errors.h>
#include <tandem/planning.h>

#include "cli/commands.h"
#include "cli/description.h"
#include "cli/explain_options.h"
#include "cli/inputs.h"
#include "cli/output.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

std::optional<dtype> dtype_called(std::string_view text) {
  constexpr std::pair<std::string_view, dtype> short_names[] = {
      {"i8", dtype::int8},     {"i16", dtype::int16},   {"i32", dtype::int32},     {"i64", dtype::int64},
      {"u8", dtype::uint8},    {"u16", dtype::uint16},  {"u32", dtype::uint32},    {"u64", dtype::uint64},
      {"f32", dtype::float32}, {"f64", dtype::float64}, {"c64", dtype::complex64}, {"c128", dtype::complex128}};
  for (const auto& [name, type] : short_names) {
    if (name == text) return type;
  }
  try {
    return parse_dtype(text);
  } catch (const dtype_error&) {
    return std::nullopt;
  }
}

// The extents of "4096,4096"; none if that is not what it is.
std::optional<dims> extents(std::string_view text) {
  dims shape;
  while (!text.empty()) {
    std::int64_t extent = 0;
    while (text.starts_with(' ')) text.remove_prefix(1);
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), extent);
    if (status != std::errc() || extent < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    while (text.starts_with(' ')) text.remove_prefix(1);
    shape.push_back(extent);
    if (text.empty()) break;
    if (!text.starts_with(',')) return std::nullopt;
    text.remove_prefix(1);
  }
  return shape;
}

bool is_word(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && is_letter(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

// NAME=f32[4096,4096] is an array of which nothing but that is known.
std::optional<ndarray> array_of_shape(std::string_view text) {
  const std::size_t bracket = text.find('[');
  if (bracket == std::string_view::npos || !text.ends_with(']')) return std::nullopt;
  const std::string_view type_name = text.substr(0, bracket);
  const std::optional<dtype> type = dtype_called(type_name);
  if (!type) {
    // What else begins with a word and a bracket is a file, if anything.
    std::error_code ignored;
    if (!is_word(type_name) || std::filesystem::exists(text, ignored)) return std::nullopt;
    throw usage_error(fmt::format("'{}': there is no dtype '{}'", text, type_name));
  }
  const std::optional<dims> shape = extents(text.substr(bracket + 1, text.size() - bracket - 2));
  if (!shape) throw usage_error(fmt::format("'{}': expected extents between the brackets, as in f32[4096,4096]", text));
  return placeholder(*shape, *type);
}

}  // namespace

int run_explain(std::span<const std::string> arguments) {
  const explain_options options = parse_explain_options(arguments);
  if (options.help) {
    write_output(help_text("explain"));
    return exit_success;
  }
  if (!options.candidates.empty()) set_candidate_devices(options.candidates);
  bindings names;
  for (const auto& [name, text] : options.inputs) {
    const std::optional<ndarray> shaped = array_of_shape(text);
    names.emplace(name, shaped ? value{expr(*shaped)} : load_input(name, text));
  }
  policy rules;
  rules.workers = options.workers;
  const description what = describe(*options.expression, names);
  std::string text;
  for (const expr& each : what.arrays) text += (text.empty() ? "" : "\n") + to_string(explain(each, rules));
  write_output(text);
  return exit_success;
}

}  // namespace tandem::cli
