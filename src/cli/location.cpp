#include "cli/location.h"

#include <fmt/format.h>

#include <algorithm>

namespace tandem::cli {

namespace {

bool continues_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// Bytes of the UTF-8 character that starts with `lead`; 0 if none does.
std::size_t length_of(char lead) noexcept {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte < 0x80) return 1;
  if (byte >= 0xC2 && byte < 0xE0) return 2;
  if (byte >= 0xE0 && byte < 0xF0) return 3;
  if (byte >= 0xF0 && byte < 0xF5) return 4;
  return 0;
}

}  // namespace

std::int64_t column_of(std::string_view text, std::size_t offset) noexcept {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  return 1 + std::count_if(before.begin(), before.end(), [](char c) { return !continues_character(c); });
}

std::string character_at(std::string_view text, std::size_t offset) {
  if (offset >= text.size()) return "";
  const std::size_t length = length_of(text[offset]);
  const std::string_view bytes = text.substr(offset, length);
  const bool whole = length > 0 && bytes.size() == length &&
                     std::all_of(bytes.begin() + 1, bytes.end(), [](char c) { return continues_character(c); });
  if (!whole || is_control(text[offset])) return fmt::format("'\\x{:02x}'", static_cast<unsigned char>(text[offset]));
  return fmt::format("'{}'", bytes);
}

std::string one_line(std::string_view message) {
  std::string line;
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    std::string_view part = message.substr(0, end);
    message.remove_prefix(std::min(end + 1, message.size()));
    part.remove_prefix(std::min(part.find_first_not_of(" \t\r"), part.size()));
    while (!part.empty() && (part.back() == ' ' || part.back() == '\r')) part.remove_suffix(1);
    if (part.empty()) continue;
    if (!line.empty()) line += "; ";
    for (const char c : part) {
      // A name in a message may hold anything that a file name may; a terminal must not obey it.
      if (is_control(c)) {
        line += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      } else {
        line += c;
      }
    }
  }
  return line;
}

}  // namespace tandem::cli
