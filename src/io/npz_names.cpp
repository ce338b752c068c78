#include "io/npz_names.h"

#include <algorithm>

namespace tandem::io {

namespace {

// Zip files give the length of a name in 16 bits.
constexpr std::size_t longest_name = 0xffff - member_suffix.size();

}  // namespace

std::string_view reason_against_member_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name == "." || name == "..") return "is a path";
  if (name.find_first_of("/\\") != std::string_view::npos) return "is a path";
  if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    return "contains control characters";
  }
  if (name.size() > longest_name) return "is too long";
  return {};
}

}  // namespace tandem::io
