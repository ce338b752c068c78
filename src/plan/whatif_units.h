#pragma once

#include <cstdint>
#include <string>

// Numbers as reports for people have them.
namespace tandem::plan {

/// "12.3 us", "4.56 ms", "7.89 s", "3.2 h".
std::string duration_text(double us);
/// "512 B", "1.50 GB": powers of ten, as links are measured in.
std::string bytes_text(std::int64_t bytes);
/// "3.1 x".
std::string speedup_text(double factor);
/// So many characters at most, by "..." in the middle; UTF-8 stays whole.
std::string middle_cut(const std::string& text, std::size_t most);
/// With a space for each control character, which a terminal may obey.
std::string plain(std::string text);

}  // namespace tandem::plan
