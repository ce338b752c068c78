#include "api/float_text.h"

#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>

namespace tandem::api {
namespace {

// Whole digits, point and sign of the longest number in positional notation.
constexpr int longest_whole = std::numeric_limits<double>::max_exponent10 + 3;

template <class T>
std::string exact_text(T value, std::chars_format notation, int digits) {
  std::string text(static_cast<std::size_t>(longest_whole + digits), '\0');
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, notation, digits).ptr;
  text.resize(static_cast<std::size_t>(end - text.data()));
  return text;
}

void trim_zeros(std::string& fraction) { fraction.erase(fraction.find_last_not_of('0') + 1); }

scientific_text split_scientific(std::string_view text) {
  const std::size_t e = text.find('e');
  const std::string_view mantissa = text.substr(0, e);
  const std::size_t point = mantissa.find('.');
  scientific_text parts{std::string(mantissa.substr(0, point)), {}, std::string(text.substr(e + 1))};
  if (point != std::string_view::npos) parts.fraction = mantissa.substr(point + 1);
  return parts;
}

template <class T>
scientific_text shortest_scientific(T value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  return split_scientific({text, static_cast<std::size_t>(end - text)});
}

int exponent_of(const scientific_text& parts) {
  int exponent = 0;
  std::from_chars(parts.exponent.data() + 1, parts.exponent.data() + parts.exponent.size(), exponent);
  return parts.exponent.front() == '-' ? -exponent : exponent;
}

bool reads_back(const std::string& text, double value) {
  double read = 0;
  std::from_chars(text.data(), text.data() + text.size(), read);
  return read == value;
}

bool reads_back(const std::string& text, float value) {
  float read = 0;
  std::from_chars(text.data(), text.data() + text.size(), read);
  return read == value;
}

// Digits after the point of a number written as `parts`; negative if its last digit stands before the units.
int fraction_digits(const scientific_text& parts) {
  return static_cast<int>(parts.fraction.size()) - exponent_of(parts);
}

positional_text to_positional(const scientific_text& parts) {
  const bool negative = parts.whole.front() == '-';
  const std::string digits = parts.whole.substr(negative ? 1 : 0) + parts.fraction;
  const int exponent = exponent_of(parts);
  positional_text result;
  if (exponent < 0) {
    result.whole = "0";
    result.fraction = std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  } else {
    const auto whole_digits = static_cast<std::size_t>(exponent) + 1;
    result.whole = digits.substr(0, whole_digits);
    result.whole.resize(whole_digits, '0');
    if (digits.size() > whole_digits) result.fraction = digits.substr(whole_digits);
  }
  trim_zeros(result.fraction);
  if (negative) result.whole.insert(0, 1, '-');
  return result;
}

}  // namespace

template <class T>
positional_text shortest_positional(T value) {
  return to_positional(shortest_scientific(value));
}

template <class T>
positional_text limited_positional(T value, int precision) {
  const scientific_text shortest = shortest_scientific(value);
  const int digits = fraction_digits(shortest);
  if (digits >= 0 && digits <= precision) return to_positional(shortest);
  // Either the limit cuts digits after the point, or the shortest digits end before the units (9999999e1 for
  // 99999992.0f) and the rest is wanted too.
  const std::string text = exact_text(value, std::chars_format::fixed, digits < 0 ? 0 : precision);
  const std::size_t point = text.find('.');
  positional_text result{text.substr(0, point), {}};
  if (point != std::string::npos) result.fraction = text.substr(point + 1);
  trim_zeros(result.fraction);
  return result;
}

template <class T>
scientific_text limited_scientific(T value, int precision) {
  scientific_text parts = shortest_scientific(value);
  if (parts.fraction.size() > static_cast<std::size_t>(precision)) {
    parts = split_scientific(exact_text(value, std::chars_format::scientific, precision));
  }
  trim_zeros(parts.fraction);
  return parts;
}

template <class T>
scientific_text padded_scientific(T value, int digits) {
  scientific_text shortest = shortest_scientific(value);
  const auto wanted = static_cast<std::size_t>(digits);
  if (shortest.fraction.size() == wanted) return shortest;
  const std::string exact = exact_text(value, std::chars_format::scientific, digits);
  // A power of two has neighbours twice as near below as above. There the nearest decimal of more digits than the
  // shortest can belong to the neighbour below; the digit generation that NumPy uses then stays with the shortest. The
  // first such double is 2^-645, 6.84940421565126e-195 with 15 digits.
  if (shortest.fraction.size() < wanted && !reads_back(exact, value)) {
    shortest.fraction.resize(wanted, '0');
    return shortest;
  }
  return split_scientific(exact);
}

template positional_text shortest_positional(float);
template positional_text shortest_positional(double);
template positional_text limited_positional(float, int);
template positional_text limited_positional(double, int);
template scientific_text limited_scientific(float, int);
template scientific_text limited_scientific(double, int);
template scientific_text padded_scientific(float, int);
template scientific_text padded_scientific(double, int);

}  // namespace tandem::api
