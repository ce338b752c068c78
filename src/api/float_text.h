#pragma once

#include <string>

// Decimal text of one finite floating-point number, digit for digit as NumPy 1.24 chooses them: the fewest digits that
// read back as the same number of the same type, or the exact value rounded where a limit cuts them, ties to even.
// T is float or double.
namespace tandem::api {

/// 12.5 is {"12", "5"}; `whole` holds the sign and at least one digit, `fraction` has no trailing zeros.
struct positional_text {
  std::string whole;
  std::string fraction;
};

/// 1.25e-05 is {"1", "25", "-05"}; the exponent has a sign and at least two digits.
struct scientific_text {
  std::string whole;
  std::string fraction;
  std::string exponent;
};

/// The shortest digits; zeros stand for digits before the point that are not needed to tell the number from others.
template <class T>
positional_text shortest_positional(T value);

/// At most `precision` digits after the point, all digits before it.
template <class T>
positional_text limited_positional(T value, int precision);

/// The shortest digits, or `precision` digits after the point if these are fewer. No trailing zeros.
template <class T>
scientific_text limited_scientific(T value, int precision);

/// Exactly `digits` digits after the point.
template <class T>
scientific_text padded_scientific(T value, int digits);

}  // namespace tandem::api
