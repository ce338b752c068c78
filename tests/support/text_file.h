#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace tandem::testing {

/// All bytes of a file; "" if there is none.
inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Makes a file of these bytes, in the place of what it was.
inline void write_text(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace tandem::testing
