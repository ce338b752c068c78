#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Texts of others for reports and messages: cut where they are too long, though within no character of UTF-8.
namespace tandem::plan {

/// So many bytes at most, by "..." in the middle; `most` must be 3 or more.
std::string middle_cut(std::string_view text, std::size_t most);
/// The first `most` bytes, and "..." if there were more.
std::string end_cut(std::string_view text, std::size_t most);
/// With a space for each control character, which a terminal may obey.
std::string plain(std::string text);

}  // namespace tandem::plan
