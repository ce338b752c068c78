#pragma once

#include <cstdint>
#include <vector>

#include <tandem/statistics.h>

#include "statistics/reference.h"
#include "support/exact_array.h"

// What cumulative_sum and cumulative_prod are to give, by a plain loop along each line.
namespace tandem::testing {

inline expr call_cumulative(bool product, const expr& x, const scan_options& o) {
  return product ? cumulative_prod(x, o) : cumulative_sum(x, o);
}

// Running totals along `axis`, each with its bound: one rounding for each element so far. `steps` are the exact ones.
inline expected_array expected_cumulative(bool product, const exact_array& x, int axis, dtype type,
                                          bool include_initial, bool exact_sums) {
  expected_array wanted{{type, x.shape, {}}, {}};
  wanted.values.shape[axis] += include_initial ? 1 : 0;
  wanted.values.at.resize(size_of(wanted.values.shape));
  wanted.bounds.resize(wanted.values.at.size());
  const dims strides = row_major_strides(x.shape);
  const dims to_strides = row_major_strides(wanted.values.shape);
  dims starts = wanted.values.shape;
  starts[axis] = 1;
  const std::vector<std::int64_t> to = distances_of(starts, to_strides);
  const std::vector<std::int64_t> from = distances_of(starts, strides);
  for (std::size_t line = 0; line < to.size(); ++line) {
    std::int64_t place = to[line];
    std::vector<exact> so_far;  // for integers, whose reference is a sum or product of a whole group
    exact total = product ? 1 : 0;
    real_number sizes = 0;
    const auto put = [&](exact value, real_number bound) {
      wanted.values.at[static_cast<std::size_t>(place)] = value;
      wanted.bounds[static_cast<std::size_t>(place)] = bound;
      place += to_strides[axis];
    };
    if (include_initial) put(total, 0);
    for (std::int64_t i = 0; i < x.shape[axis]; ++i) {
      const exact each = x.at[static_cast<std::size_t>(from[line] + i * strides[axis])];
      if (!is_floating(type)) {
        // In 128 bits and wrapped after every step, the total stays a sum or product of two numbers of the dtype.
        const unsigned_whole left = static_cast<unsigned_whole>(whole_of(total));
        const unsigned_whole right = static_cast<unsigned_whole>(whole_of(each));
        if (type == dtype::bool_) {
          total = product ? (total != exact(0) && each != exact(0) ? 1 : 0)
                          : (total != exact(0) || each != exact(0) ? 1 : 0);
        } else {
          total = wrapped(static_cast<whole>(product ? left * right : left + right), type);
        }
        put(total, 0);
        continue;
      }
      const auto count = static_cast<real_number>(i);
      sizes += size_bound(each);
      // The first total is the first element, whatever number that is.
      total = i == 0    ? each
              : product ? (is_complex(type) ? times(total, each) : exact(total.real() * each.real()))
                        : plus(total, each);
      const real_number scale = product ? (is_complex(type) ? 3 : 1) * size_bound(total) : sizes;
      put(total, exact_sums && !product ? 0 : 2 * count * unit_roundoff(type) * scale);
    }
  }
  return wanted;
}

}  // namespace tandem::testing
