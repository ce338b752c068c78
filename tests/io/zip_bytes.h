#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Zip archives made byte by byte, so that they can lie.
namespace tandem::testing_io {

struct zip_member {
  std::string name;
  /// As it stands in the file: the contents if stored.
  std::string data;
  std::uint16_t method = 0;
  /// Bit 0: encrypted, bit 11: the name is UTF-8.
  std::uint16_t flags = 0;
  std::uint32_t crc = 0;
  std::uint32_t stored_bytes = 0;
  std::uint32_t whole_bytes = 0;
};

inline std::uint32_t crc32_of(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

/// A member that tells the truth.
inline zip_member stored(std::string name, std::string contents) {
  const auto size = static_cast<std::uint32_t>(contents.size());
  const std::uint32_t crc = crc32_of(contents);
  return {std::move(name), std::move(contents), 0, 0, crc, size, size};
}

/// The same with contents in deflate's blocks without compression.
inline zip_member deflated(std::string name, const std::string& contents) {
  std::string data;
  std::size_t at = 0;
  do {
    const std::size_t size = std::min<std::size_t>(contents.size() - at, 0xffff);
    const bool is_last = at + size == contents.size();
    data += static_cast<char>(is_last);
    for (const std::size_t value : {size, ~size}) {
      data += static_cast<char>(value & 0xff);
      data += static_cast<char>(value >> 8 & 0xff);
    }
    data += contents.substr(at, size);
    at += size;
  } while (at < contents.size());
  const auto stored_bytes = static_cast<std::uint32_t>(data.size());
  return {std::move(name),
          std::move(data),
          8,
          0,
          crc32_of(contents),
          stored_bytes,
          static_cast<std::uint32_t>(contents.size())};
}

inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

inline std::string zip_of(const std::vector<zip_member>& members) {
  std::string file;
  std::string directory;
  for (const zip_member& member : members) {
    const std::string shared = little_endian(member.flags, 2) + little_endian(member.method, 2) +
                               little_endian(0x00210000, 4) + little_endian(member.crc, 4) +
                               little_endian(member.stored_bytes, 4) + little_endian(member.whole_bytes, 4) +
                               little_endian(member.name.size(), 2) + little_endian(0, 2);
    directory += "PK\1\2" + little_endian(20, 2) + little_endian(20, 2) + shared + std::string(10, '\0') +
                 little_endian(file.size(), 4) + member.name;
    file += "PK\3\4" + little_endian(20, 2) + shared + member.name + member.data;
  }
  const std::size_t offset = file.size();
  file += directory;
  return file + "PK\5\6" + std::string(4, '\0') + little_endian(members.size(), 2) + little_endian(members.size(), 2) +
         little_endian(directory.size(), 4) + little_endian(offset, 4) + little_endian(0, 2);
}

}  // namespace tandem::testing_io
