#include "plan/json_text.h"

#include <fmt/format.h>

#include <cstdlib>

#include <nlohmann/json.hpp>

namespace tandem::plan {

refusal no_json(std::string_view reason) {
  std::string readable;
  for (const char c : reason.substr(0, 160)) readable += c >= ' ' && c < '\x7f' ? c : '?';
  return {fmt::format("it is no JSON: {}", readable)};
}

std::string beginning_of(const nlohmann::json& value) {
  constexpr std::size_t most = 40;
  std::string text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  if (text.size() > most) text = text.substr(0, most) + "...";
  return text;
}

std::string shown(const nlohmann::json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  return beginning_of(value);
}

double five_digits(double value) { return std::strtod(fmt::format("{:.5g}", value).c_str(), nullptr); }

}  // namespace tandem::plan
