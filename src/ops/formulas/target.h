#pragma once

// Formulas are compiled once for each instruction set, every time in a namespace of its own: the linker keeps one copy
// of an inline function, and that must not be one that the processor cannot run.
#ifndef TANDEM_ISA
#define TANDEM_ISA plain
#endif

// Where the formulas run: on the host, or in code for a GPU, which includes cuda/device/math.h before them. `math` is
// the standard library of the place; a formula names standard functions and types through it only.
#ifdef TANDEM_DEVICE_MATH
namespace tandem::formulas::inline TANDEM_ISA {
namespace math = TANDEM_DEVICE_MATH;
}  // namespace tandem::formulas::inline TANDEM_ISA
#else
#include <cmath>
#include <complex>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>
#define TANDEM_HD
namespace tandem::formulas::inline TANDEM_ISA {
namespace math = ::std;
}  // namespace tandem::formulas::inline TANDEM_ISA
#endif

namespace tandem::formulas::inline TANDEM_ISA {

template <class T>
concept boolean = math::is_same_v<T, bool>;

template <class T>
concept integer = math::is_integral_v<T> && !boolean<T>;

template <class T>
concept real_floating = math::is_floating_point_v<T>;

// Where one formula serves numbers and, in loops that are vectorized by hand, short vectors of them.
template <class T>
concept real_floating_or_vector = real_floating<T> || requires(T x) {
  requires real_floating<math::remove_cvref_t<decltype(x[0])>>;
  x + x;
};

template <class T>
concept real_number = integer<T> || real_floating<T>;

template <class T>
inline constexpr bool is_complex = false;
template <class T>
inline constexpr bool is_complex<math::complex<T>> = true;

// The unsigned type in which arithmetic on T wraps. At least as wide as int: narrower ones would promote to int, where
// the product of two uint16 overflows.
template <integer T>
using wrapping = math::conditional_t<(sizeof(T) < sizeof(unsigned)), unsigned, math::make_unsigned_t<T>>;

// `and` and `or` without a branch, so that loops over them vectorize.
TANDEM_HD inline bool td_both(bool x, bool y) { return static_cast<bool>(x & y); }
TANDEM_HD inline bool td_either(bool x, bool y) { return static_cast<bool>(x | y); }

}  // namespace tandem::formulas::inline TANDEM_ISA
