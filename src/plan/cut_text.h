#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Texts that may be too long, cut where no character of UTF-8 is.
namespace tandem::plan {

/// So many bytes at most, by "..." in the middle; `most` must be 3 or more.
std::string middle_cut(std::string_view text, std::size_t most);
/// The first `most` bytes, and "..." if there were more.
std::string end_cut(std::string_view text, std::size_t most);

}  // namespace tandem::plan
