#include "cli/json.h"

#include <fmt/format.h>

#include <cstdint>

namespace tandem::cli {

namespace {

// How many bytes the UTF-8 character takes that begins the text; 0 if none does. Forms that are too long, surrogates
// and numbers over 0x10FFFF are none (Unicode 15, table 3-7).
std::size_t character_bytes(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4 || !follows(1)) return 0;
  if (lead < 0xE0) return 2;
  const unsigned second = at(1);
  const bool impossible = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                          (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
  if (impossible || !follows(2)) return 0;
  if (lead < 0xF0) return 3;
  return follows(3) ? 4 : 0;
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const std::size_t bytes = character_bytes(text);
    const char c = text.front();
    if (bytes == 0) {
      quoted += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      quoted += text.substr(0, bytes);
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return quoted + '"';
}

std::string json_object(const std::vector<std::pair<std::string_view, std::string>>& members, int depth) {
  const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
  std::string text = "{";
  for (const auto& [name, value] : members) {
    text += fmt::format("{}\n{}  {}: {}", text.size() > 1 ? "," : "", indent, json_string(name), value);
  }
  return text + (members.empty() ? "}" : fmt::format("\n{}}}", indent));
}

std::string json_array(const std::vector<std::string>& values) { return fmt::format("[{}]", fmt::join(values, ", ")); }

}  // namespace tandem::cli
