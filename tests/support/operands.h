#pragma once

#include <array>
#include <string_view>

#include <tandem/ndarray.h>

#include "support/exact_array.h"

// Random arrays in every layout, with their elements as a reference sees them: which element of the base lies where is
// computed here and not by the library.
namespace tandem::testing {

enum class form { row_major, transposed, reversed, every_second, part, repeated, shuffled };
inline constexpr std::array all_forms = {form::row_major, form::transposed, form::reversed, form::every_second,
                                         form::part,      form::repeated,   form::shuffled};
/// Those whose elements all are distinct, so that they can be written.
inline constexpr std::array writable_forms = {form::row_major,    form::transposed, form::reversed,
                                              form::every_second, form::part,       form::shuffled};

inline std::string_view name_of(form f) {
  constexpr std::string_view names[] = {"row_major", "transposed", "reversed", "every_second",
                                        "part",      "repeated",   "shuffled"};
  return names[static_cast<int>(f)];
}

enum class numbers {
  small,     ///< integers of at most 9, floats k / 8 of at most 8: sums and sums of products are exact in float32
  wide,      ///< integers of any bits, floats of both signs over some binades
  near_one,  ///< integers of any bits, floats near 1 or -1: long products stay in range
  special,   ///< small ones among nan, infinities, zeros of both signs and the limits of integers, with many ties
};

/// An array and its elements.
struct operand {
  ndarray view;
  exact_array values;
};

/// A random array of the given layout.
operand random_operand(dtype type, const dims& shape, form f, numbers kind, random_numbers& random);

}  // namespace tandem::testing
