#pragma once

#include "ops/formulas/complex.h"
#include "ops/formulas/target.h"

// Conversion between element types, as astype does it.
namespace tandem::formulas::inline TANDEM_ISA {

// Floats to integers truncate, nan gives 0, values out of range saturate. Selections instead of branches, and a cast
// that is in range for every lane, so that loops over it vectorize. The bounds are powers of two and exact in any
// float.
template <integer To, real_floating From>
TANDEM_HD inline To saturate(From x) {
  using limits = math::numeric_limits<To>;
  constexpr From low = static_cast<From>(limits::min());
  constexpr From beyond = static_cast<From>(limits::max() / 2 + 1) * From(2);
  const bool within = td_both(x >= low, x < beyond);
  To result = static_cast<To>(within ? x : From(0));
  result = x >= beyond ? limits::max() : result;
  return x < low ? limits::min() : result;
}

/// Any number other than 0 is true; integers wrap; floats to integers saturate; reals become the real part of a complex
/// number. There is no conversion from complex to real numbers.
template <class To, class From>
  requires(!is_complex<From> || is_complex<To> || boolean<To>)
TANDEM_HD inline To convert(From x) {
  if constexpr (math::is_same_v<To, From>) {
    return x;
  } else if constexpr (boolean<To>) {
    return td_truth(x);
  } else if constexpr (is_complex<To>) {
    using Part = typename To::value_type;
    if constexpr (is_complex<From>) {
      return To(static_cast<Part>(x.real()), static_cast<Part>(x.imag()));
    } else {
      return To(static_cast<Part>(x), Part(0));
    }
  } else if constexpr (integer<To> && real_floating<From>) {
    return saturate<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

}  // namespace tandem::formulas::inline TANDEM_ISA
