#pragma once

#include <cstddef>
#include <string_view>

namespace tandem::cli {

/// How many bytes the UTF-8 character takes that begins the text; 0 if none does. Forms that are too long, surrogates
/// and numbers over 0x10FFFF are none (Unicode 15, table 3-7).
std::size_t character_bytes(std::string_view text) noexcept;

}  // namespace tandem::cli
