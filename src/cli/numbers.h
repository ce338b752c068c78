#pragma once

#include <optional>
#include <string_view>

#include <tandem/scalar.h>

// Numbers as Python writes them and as it computes with them.
namespace tandem::cli {

/// The value of a numeric literal: 12, 1_000, 0xff, 0o17, 0b101, .5, 1e-3, 2j. Without a sign.
/// Throws: `argument_error` if it is not a number or an integer beyond 64 bits.
scalar parse_number(std::string_view text);

/// Whether the number is a boolean or an integer.
bool is_integral(const scalar& value) noexcept;

/// An operator between two numbers that are integers or booleans, exactly, as Python computes it: integers do not wrap,
/// 1 / 2 and 2 ** -1 are 0.5. Two booleans give a boolean for & | ^, as they do for arrays. Nothing for operators that
/// integers do not have.
/// Throws: `argument_error` if the result is beyond 64 bits, for a division by 0 and for a negative shift.
std::optional<scalar> integer_operation(std::string_view symbol, const scalar& left, const scalar& right);

/// An operator before a number that is an integer or a boolean, likewise. `~` of a boolean is a boolean.
std::optional<scalar> integer_operation(std::string_view symbol, const scalar& value);

}  // namespace tandem::cli
