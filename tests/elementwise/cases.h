#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

#include "elementwise/column.h"
#include "elementwise/reference.h"
#include "elementwise/rows.h"

// cases.inc as functions of the operation.
namespace tandem::testing {

inline constexpr bool every_row_has_a_case = [] {
  constexpr op listed[] = {
#define TD_CASE(name, reference, points) op::name,
#include "elementwise/cases.inc"
  };
  if (std::size(listed) != std::size(rows)) return false;
  for (const row& r : rows) {
    bool found = false;
    for (const op which : listed) found = found || which == r.which;
    if (!found) return false;
  }
  return true;
}();
static_assert(every_row_has_a_case, "a row of tandem/tables/elementwise.inc has no TD_CASE, or two, in cases.inc");

// Nothing where the operands' kind has no reference.
template <class X, class V>
std::optional<expected> reference([[maybe_unused]] op which, [[maybe_unused]] const X& x, [[maybe_unused]] const V& y,
                                  [[maybe_unused]] const V& z) {
  switch (which) {
#define TD_CASE(name, reference, points)             \
  case op::name:                                     \
    if constexpr (requires { expect(reference); }) { \
      return expect(reference);                      \
    } else {                                         \
      return std::nullopt;                           \
    }
#include "elementwise/cases.inc"
  }
  throw std::logic_error("reference: not an operation");
}

inline std::vector<double> points_of(op which) {
#define TD_POINTS(...) {__VA_ARGS__}
  switch (which) {
#define TD_CASE(name, reference, points) \
  case op::name: return TD_POINTS points;
#include "elementwise/cases.inc"
  }
#undef TD_POINTS
  throw std::logic_error("points_of: not an operation");
}

// The reference for element i of the operands.
inline std::optional<expected> reference(const row& r, const std::vector<column>& operands, std::size_t i) {
  return with_element(operands.back().type(), [&]<class T>(T) -> std::optional<expected> {
    const auto wide = [&](std::size_t operand) {
      const T value = operands[operand].get<T>(i);
      if constexpr (std::is_same_v<T, bool>) {
        return value;
      } else if constexpr (std::is_integral_v<T>) {
        return static_cast<whole>(value);
      } else if constexpr (std::is_floating_point_v<T>) {
        return mp(static_cast<double>(value));
      } else {
        return complex(value.real(), value.imag());
      }
    };
    if constexpr (std::is_floating_point_v<T>) {
      using limits = std::numeric_limits<T>;
      current_format = {limits::digits, limits::min_exponent, limits::max_exponent};
    }
    if (r.arity == 3) return reference(r.which, operands[0].get<bool>(i), wide(1), wide(2));
    const auto x = wide(0);
    return reference(r.which, x, r.arity == 2 ? wide(1) : x, x);
  });
}

}  // namespace tandem::testing
