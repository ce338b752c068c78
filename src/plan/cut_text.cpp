#include "plan/cut_text.h"

namespace tandem::plan {

namespace {

// Whether the byte continues a character.
bool is_within(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

std::string middle_cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  std::size_t end = (most - 3) / 2;
  std::size_t begin = text.size() - (most - 3 - end);
  while (end > 0 && is_within(text[end])) --end;
  while (begin < text.size() && is_within(text[begin])) ++begin;
  return std::string(text.substr(0, end)).append("...").append(text.substr(begin));
}

std::string end_cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && is_within(text[most])) --most;
  return std::string(text.substr(0, most)).append("...");
}

std::string plain(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

}  // namespace tandem::plan
