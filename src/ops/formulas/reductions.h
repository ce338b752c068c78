#pragma once

#include "ops/formulas/complex.h"
#include "ops/formulas/floats.h"
#include "ops/formulas/integers.h"
#include "ops/formulas/target.h"

// How reductions combine two partial results, and the neutral elements to start from.
namespace tandem::formulas {

template <class T>
TANDEM_HD inline T sum_combine(T x, T y) {
  return td_add(x, y);
}

template <class T>
TANDEM_HD inline T prod_combine(T x, T y) {
  return td_multiply(x, y);
}

template <class T>
TANDEM_HD inline T min_combine(T x, T y) {
  return td_minimum(x, y);
}

template <class T>
TANDEM_HD inline T max_combine(T x, T y) {
  return td_maximum(x, y);
}

template <class T>
TANDEM_HD inline bool all_combine(T x, T y) {
  return td_logical_and(x, y);
}

template <class T>
TANDEM_HD inline bool any_combine(T x, T y) {
  return td_logical_or(x, y);
}

/// Not -0.0, which IEEE addition would need to keep the sign of a sum of negative zeros: NumPy's sums start from 0 too.
template <class T>
TANDEM_HD inline T sum_identity() {
  return T(0);
}

template <class T>
TANDEM_HD inline T prod_identity() {
  return T(1);
}

template <class T>
TANDEM_HD inline T min_identity() {
  using limits = math::numeric_limits<T>;
  if constexpr (limits::has_infinity) {
    return limits::infinity();
  } else {
    return limits::max();
  }
}

template <class T>
TANDEM_HD inline T max_identity() {
  using limits = math::numeric_limits<T>;
  if constexpr (limits::has_infinity) {
    return -limits::infinity();
  } else {
    return limits::lowest();
  }
}

TANDEM_HD inline bool all_identity() { return true; }

TANDEM_HD inline bool any_identity() { return false; }

}  // namespace tandem::formulas
