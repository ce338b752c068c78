#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <ostream>
#include <type_traits>
#include <variant>
#include <vector>

#include "elementwise/accuracy.h"
#include "elementwise/cases.h"
#include "elementwise/column.h"
#include "elementwise/points.h"
#include "elementwise/reference.h"
#include "elementwise/rows.h"

// Each operation at each of its dtypes, and how far its results may be from the reference.
namespace tandem::testing {

struct op_and_dtype {
  const row* r;
  dtype type;
};

inline void PrintTo(const op_and_dtype& c, std::ostream* out) { *out << c.r->name << " of " << name(c.type); }

inline std::vector<op_and_dtype> all_ops_and_dtypes() {
  std::vector<op_and_dtype> list;
  for (const row& r : rows) {
    for (const dtype type : dtypes_of(r)) list.push_back({&r, type});
  }
  return list;
}

// What the table's header says, and the exceptions that the rows state.
inline double bound_for(const op_and_dtype& c, const std::vector<column>& operands, std::size_t i) {
  if (!is_complex(c.type)) return c.r->which == op::abs ? 0 : c.r->ulp;
  if (c.r->result == result_kind::real_part) return c.r->ulp;
  const double bound = std::max(5.0, c.r->ulp);
  if (c.r->which != op::pow || c.type != dtype::complex128) return bound;
  const auto x = operands[0].get<std::complex<double>>(i);
  const auto y = operands[1].get<std::complex<double>>(i);
  return x == 0.0 ? bound : bound + 2 * std::abs(y) * (1 + std::abs(std::log(x)));
}

// Beside a nan, the standards leave the sign of an infinity or a zero open, but not for logarithms.
inline bool signs_are_specified(op which, const complex& reference) {
  return !ref::isnan(reference) || which == op::log || which == op::log1p || which == op::log2 || which == op::log10;
}

inline double error_at(const op_and_dtype& c, const column& result, std::size_t i, const expected& reference) {
  return with_element(result.type(), [&]<class T>(T) {
    const T value = result.get<T>(i);
    if constexpr (std::is_integral_v<T>) {
      if (const bool* b = std::get_if<bool>(&reference)) return value == static_cast<T>(*b) ? 0.0 : wrong;
      if (const whole* w = std::get_if<whole>(&reference)) return value == static_cast<T>(*w) ? 0.0 : wrong;
    } else if constexpr (std::is_floating_point_v<T>) {
      // Where terms of about -0.7 cancel, logaddexp is as accurate as they are.
      const double at_least = c.r->which == op::logaddexp ? 1 : 0;
      if (const mp* m = std::get_if<mp>(&reference)) return error_in_ulp(value, *m, at_least);
    } else {
      if (const complex* z = std::get_if<complex>(&reference)) {
        const bool specified = signs_are_specified(c.r->which, *z);
        // Products of zeros have the signs that the formula gives them.
        const bool products = needs_moderate_parts(c.r->which) || c.r->which == op::pow;
        return error_in_ulp(value, *z, specified, specified && !products);
      }
    }
    return wrong;
  });
}

}  // namespace tandem::testing
