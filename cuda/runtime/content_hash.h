#pragma once

#include <cstdint>
#include <string_view>

namespace tandem::cuda {

/// FNV-1a of 64 bits, from another start for each `variant`. It tells contents apart that nobody made to look alike:
/// who may write to the cache may run code as its owner anyway.
constexpr std::uint64_t content_hash(std::string_view content, std::uint64_t variant = 0) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U ^ (variant * 0x9e3779b97f4a7c15U);
  for (const char each : content) {
    hash ^= static_cast<unsigned char>(each);
    hash *= 0x100000001b3U;
  }
  return hash;
}

}  // namespace tandem::cuda
