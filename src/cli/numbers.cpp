#include "cli/numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <variant>

#include <tandem/errors.h>

namespace tandem::cli {

namespace {

// Holds every sum, difference and bit pattern of 64-bit integers of either sign.
__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 unsigned_wide;

constexpr wide lowest = std::numeric_limits<std::int64_t>::min();
constexpr wide highest = std::numeric_limits<std::uint64_t>::max();

wide wide_of(const scalar& value) {
  return std::visit(
      [](auto v) -> wide {
        if constexpr (std::is_integral_v<decltype(v)>) {
          return static_cast<wide>(v);
        } else {
          return 0;
        }
      },
      value.value());
}

bool is_boolean(const scalar& value) noexcept { return std::holds_alternative<bool>(value.value()); }

[[noreturn]] void throw_too_large(std::string_view symbol, const scalar& left, const scalar& right) {
  throw argument_error(fmt::format("{} {} {} does not fit 64 bits", to_string(left), symbol, to_string(right)));
}

scalar narrow(wide value, std::string_view symbol, const scalar& left, const scalar& right) {
  if (value < lowest || value > highest) throw_too_large(symbol, left, right);
  if (value > std::numeric_limits<std::int64_t>::max()) return scalar(static_cast<std::uint64_t>(value));
  return scalar(static_cast<std::int64_t>(value));
}

unsigned_wide magnitude_of(wide value) { return static_cast<unsigned_wide>(value < 0 ? -value : value); }

// Both within 64 bits and a sign, so that the product of the magnitudes fits 128 bits.
std::optional<wide> multiply(wide left, wide right) {
  const unsigned_wide product = magnitude_of(left) * magnitude_of(right);
  if (product > static_cast<unsigned_wide>(highest)) return std::nullopt;
  return (left < 0) != (right < 0) ? -static_cast<wide>(product) : static_cast<wide>(product);
}

std::optional<wide> power(wide base, wide exponent) {
  if (base == 0 || base == 1) return exponent == 0 ? 1 : base;
  if (base == -1) return exponent % 2 == 0 ? 1 : -1;
  if (exponent > 64) return std::nullopt;
  wide result = 1;
  for (; exponent > 0; --exponent) {
    const std::optional<wide> next = multiply(result, base);
    if (!next) return std::nullopt;
    result = *next;
  }
  return result;
}

wide floor_divide(wide left, wide right) {
  const wide quotient = left / right;
  return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
}

wide shift_right(wide value, wide count) { return value >> static_cast<int>(count > 127 ? 127 : count); }

std::optional<wide> shift_left(wide value, wide count) {
  if (value == 0) return 0;
  if (count > 64) return std::nullopt;
  // Bit by bit, so that no intermediate result leaves 128 bits.
  wide result = value;
  for (; count > 0; --count) {
    result *= 2;
    if (result < lowest || result > highest) return std::nullopt;
  }
  return result;
}

[[noreturn]] void throw_not_a_number(std::string_view text) {
  throw argument_error(fmt::format("'{}' is not a number", text));
}

// Underscores may stand between two digits, or after the prefix of 0x_ff. `first` is where the digits begin.
std::string without_underscores(std::string_view text, std::size_t first) {
  const std::string_view allowed = first == 0 ? "0123456789" : "0123456789abcdefABCDEF";
  const auto is_digit = [&](std::size_t at) {
    return at < text.size() && allowed.find(text[at]) != std::string_view::npos;
  };
  std::string digits;
  for (std::size_t i = first; i < text.size(); ++i) {
    if (text[i] != '_') {
      digits += text[i];
    } else if ((i > first ? !is_digit(i - 1) : first == 0) || !is_digit(i + 1)) {
      throw_not_a_number(text);
    }
  }
  return digits;
}

scalar parse_integer(std::string_view text, std::string_view digits, int base) {
  std::uint64_t value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (end != digits.data() + digits.size() || digits.empty()) throw_not_a_number(text);
  if (status == std::errc::result_out_of_range) {
    throw argument_error(fmt::format("the integer {} does not fit 64 bits", text));
  }
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return scalar(value);
  return scalar(static_cast<std::int64_t>(value));
}

}  // namespace

scalar parse_number(std::string_view text) {
  if (text.size() > 1 && text[0] == '0') {
    const char prefix = static_cast<char>(text[1] | 0x20);
    const int base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 0;
    if (base != 0) return parse_integer(text, without_underscores(text, 2), base);
  }
  std::string digits = without_underscores(text, 0);
  const bool imaginary = !digits.empty() && (digits.back() == 'j' || digits.back() == 'J');
  if (imaginary) digits.pop_back();
  if (!imaginary && digits.find_first_not_of("0123456789") == std::string::npos) {
    // Python 2 read 017 as octal, so Python 3 reads it as an error.
    if (digits.size() > 1 && digits[0] == '0' && digits.find_first_not_of('0') != std::string::npos) {
      throw argument_error(fmt::format("the integer {} must not begin with 0; an octal number is written 0o17", text));
    }
    return parse_integer(text, digits, 10);
  }
  // strtod, because std::from_chars leaves numbers beyond the range of double unset; they are inf and 0 here.
  char* end = nullptr;
  const double value = std::strtod(digits.c_str(), &end);
  if (digits.find_first_not_of("0123456789.eE+-") != std::string::npos || end != digits.c_str() + digits.size()) {
    throw_not_a_number(text);
  }
  if (imaginary) return scalar(std::complex<double>(0.0, value));
  return scalar(value);
}

bool is_integral(const scalar& value) noexcept { return value.value().index() <= 2; }

std::optional<scalar> integer_operation(std::string_view symbol, const scalar& left, const scalar& right) {
  const wide a = wide_of(left);
  const wide b = wide_of(right);
  const auto fitting = [&](wide value) { return narrow(value, symbol, left, right); };
  const auto fitting_if = [&](std::optional<wide> value) {
    if (!value) throw_too_large(symbol, left, right);
    return fitting(*value);
  };
  const auto bits = [&](wide value) {
    return is_boolean(left) && is_boolean(right) ? scalar(value != 0) : fitting(value);
  };
  const auto check_divisor = [&] {
    if (b == 0) throw argument_error(fmt::format("division by zero: {} {} 0", to_string(left), symbol));
  };
  const auto check_shift = [&] {
    if (b < 0) throw argument_error(fmt::format("a shift by {} bits", to_string(right)));
  };
  if (symbol == "+") return fitting(a + b);
  if (symbol == "-") return fitting(a - b);
  if (symbol == "*") return fitting_if(multiply(a, b));
  if (symbol == "/") {
    check_divisor();
    return scalar(static_cast<double>(static_cast<long double>(a) / static_cast<long double>(b)));
  }
  if (symbol == "//") return check_divisor(), fitting(floor_divide(a, b));
  if (symbol == "%") return check_divisor(), fitting(a - floor_divide(a, b) * b);
  if (symbol == "**" && b >= 0) return fitting_if(power(a, b));
  if (symbol == "**") {
    if (a == 0) throw argument_error("0 to a negative power");
    return scalar(std::pow(static_cast<double>(a), static_cast<double>(b)));
  }
  if (symbol == "<<") return check_shift(), fitting_if(shift_left(a, b));
  if (symbol == ">>") return check_shift(), fitting(shift_right(a, b));
  if (symbol == "&") return bits(a & b);
  if (symbol == "|") return bits(a | b);
  if (symbol == "^") return bits(a ^ b);
  if (symbol == "<") return scalar(a < b);
  if (symbol == "<=") return scalar(a <= b);
  if (symbol == ">") return scalar(a > b);
  if (symbol == ">=") return scalar(a >= b);
  if (symbol == "==") return scalar(a == b);
  if (symbol == "!=") return scalar(a != b);
  return std::nullopt;
}

std::optional<scalar> integer_operation(std::string_view symbol, const scalar& value) {
  const scalar zero(0);
  if (symbol == "-") return narrow(-wide_of(value), "-", zero, value);
  if (symbol == "+") return narrow(wide_of(value), "+", zero, value);
  if (symbol == "~")
    return is_boolean(value) ? scalar(wide_of(value) == 0) : narrow(-wide_of(value) - 1, "- 1 -", zero, value);
  return std::nullopt;
}

}  // namespace tandem::cli
