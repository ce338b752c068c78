#include "cli/json.h"

#include <fmt/format.h>

#include "cli/utf8.h"

namespace tandem::cli {

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
