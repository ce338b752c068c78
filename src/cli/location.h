#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

// Where in an expression something is, and how to say it on one line.
namespace tandem::cli {

/// What is wrong with an expression, and where.
class expression_error : public std::runtime_error {
 public:
  expression_error(std::size_t at, const std::string& what) : std::runtime_error(what), offset(at) {}

  /// The byte of the expression that the error is about; the length of the expression for its end.
  std::size_t offset;
};

/// The column of a byte, counted in characters of UTF-8 from 1.
std::int64_t column_of(std::string_view text, std::size_t offset) noexcept;

/// The character at a byte as an error shows it: "')'", or "'\x07'" for one that would not print. "" at the end.
std::string character_at(std::string_view text, std::size_t offset);

/// The lines of a message joined to one, without control characters.
std::string one_line(std::string_view message);

}  // namespace tandem::cli
