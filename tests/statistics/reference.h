#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <vector>

#include <tandem/index.h>
#include <tandem/statistics.h>

#include "support/exact_array.h"

// What the reductions are to give, by plain loops over the elements of each group.
namespace tandem::testing {

enum class statistic { sum, prod, min, max, mean, var, std, any, all, count_nonzero };
inline constexpr std::array all_statistics = {statistic::sum,  statistic::prod,         statistic::min, statistic::max,
                                              statistic::mean, statistic::var,          statistic::std, statistic::any,
                                              statistic::all,  statistic::count_nonzero};

inline std::string_view name_of(statistic which) {
  constexpr std::string_view names[] = {"sum", "prod", "min", "max", "mean",
                                        "var", "std",  "any", "all", "count_nonzero"};
  return names[static_cast<int>(which)];
}

struct statistic_options {
  axes axis = {};
  bool keepdims = false;
  double correction = 0;
  std::optional<tandem::dtype> dtype = std::nullopt;
};

inline expr call(statistic which, const expr& x, const statistic_options& o = {}) {
  const reduce_options plain{.axis = o.axis, .keepdims = o.keepdims};
  const sum_options summing{.axis = o.axis, .keepdims = o.keepdims, .dtype = o.dtype};
  const variance_options varying{.axis = o.axis, .keepdims = o.keepdims, .correction = o.correction};
  switch (which) {
    case statistic::sum: return sum(x, summing);
    case statistic::prod: return prod(x, summing);
    case statistic::min: return min(x, plain);
    case statistic::max: return max(x, plain);
    case statistic::mean: return mean(x, plain);
    case statistic::var: return var(x, varying);
    case statistic::std: return tandem::std(x, varying);
    case statistic::any: return any(x, plain);
    case statistic::all: return tandem::all(x, plain);
    case statistic::count_nonzero: return count_nonzero(x, plain);
  }
  std::abort();
}

inline bool takes(statistic which, dtype type) {
  return !is_complex(type) || (which != statistic::min && which != statistic::max);
}

inline dtype accumulator_of(dtype type) {
  switch (type) {
    case bool_:
    case int8:
    case int16:
    case int32:
    case int64: return int64;
    case uint8:
    case uint16:
    case uint32:
    case uint64: return uint64;
    default: return type;
  }
}

inline dtype result_type_of(statistic which, dtype type, std::optional<dtype> asked) {
  const dtype floating = is_floating(type) ? type : float64;
  switch (which) {
    case statistic::sum:
    case statistic::prod: return asked.value_or(accumulator_of(type));
    case statistic::min:
    case statistic::max: return type;
    case statistic::mean: return floating;
    case statistic::var:
    case statistic::std: return real_part(floating);
    case statistic::any:
    case statistic::all: return bool_;
    case statistic::count_nonzero: return int64;
  }
  std::abort();
}

/// The axes meant by a list that may be negative, or all of them, as flags.
inline std::vector<bool> reduced_flags(const axes& given, int rank) {
  std::vector<bool> reduced(static_cast<std::size_t>(rank), !given.list());
  if (given.list()) {
    for (const std::int64_t axis : *given.list())
      reduced[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = true;
  }
  return reduced;
}

/// The elements that go into each element of a result, both in row-major order; the shape of the result.
struct grouping {
  dims shape;
  std::vector<std::vector<exact>> groups;
};

inline grouping group(const exact_array& x, const axes& given, bool keepdims) {
  const std::vector<bool> reduced = reduced_flags(given, x.shape.size());
  dims kept_shape;  // with extent 1 at reduced axes
  grouping result;
  for (int i = 0; i < x.shape.size(); ++i) {
    kept_shape.push_back(reduced[static_cast<std::size_t>(i)] ? 1 : x.shape[i]);
    if (keepdims || !reduced[static_cast<std::size_t>(i)]) result.shape.push_back(kept_shape[i]);
  }
  dims strides = row_major_strides(kept_shape);
  for (int i = 0; i < x.shape.size(); ++i) {
    if (reduced[static_cast<std::size_t>(i)]) strides[i] = 0;
  }
  result.groups.resize(size_of(kept_shape));
  std::size_t next = 0;
  for (const std::int64_t place : distances_of(x.shape, strides)) {
    result.groups[static_cast<std::size_t>(place)].push_back(x.at[next++]);
  }
  return result;
}

/// A number and how far from it a result may be.
struct bounded {
  exact value;
  real_number bound = 0;
};

// Rounded additions on the longest way through a pairwise tree over n elements, in units of one roundoff. Trees within
// tiles, of tiles and of chunks each may be one deeper than the logarithm.
inline real_number tree_depth(std::size_t n) { return n < 2 ? 0 : std::log2(static_cast<real_number>(n)) + 4; }

inline bounded reference_sum(const std::vector<exact>& x, dtype type) {
  if (!is_floating(type)) {
    whole total = 0;
    for (const exact each : x) total += whole_of(wrapped(whole_of(each), type));
    return {wrapped(total, type)};
  }
  exact total = 0;
  real_number sizes = 0;
  for (const exact each : x) total = plus(total, each), sizes += size_bound(each);
  return {total, tree_depth(x.size()) * unit_roundoff(type) * sizes};
}

inline bounded reference_prod(const std::vector<exact>& x, dtype type) {
  if (type == dtype::bool_) {
    const bool every = std::all_of(x.begin(), x.end(), [](exact each) { return each != exact(0); });
    return {every ? 1.0L : 0.0L};
  }
  if (!is_floating(type)) {
    unsigned_whole product = 1;  // modulo 2^128, which is enough to know it modulo 2^64
    for (const exact each : x) product *= static_cast<unsigned_whole>(whole_of(each));
    return {wrapped(static_cast<whole>(product), type)};
  }
  exact product = 1;
  for (const exact each : x) product = is_complex(type) ? times(product, each) : exact(product.real() * each.real());
  // A complex product rounds each part of it twice.
  const real_number roundings = static_cast<real_number>(x.size()) * (is_complex(type) ? 3 : 1);
  return {product, roundings * unit_roundoff(type) * size_bound(product)};
}

inline bounded reference_extreme(const std::vector<exact>& x, bool largest) {
  real_number best = x.front().real();
  for (const exact each : x) {
    const real_number value = each.real();
    if (std::isnan(value)) return {value};
    if (largest ? value > best : value < best) best = value;
  }
  return {best};
}

inline bounded reference_mean(const std::vector<exact>& x, dtype type) {
  const auto count = static_cast<real_number>(x.size());
  exact total = 0;
  real_number sizes = 0;
  for (const exact each : x) total = plus(total, each), sizes += size_bound(each);
  const exact value(total.real() / count, is_complex(type) ? total.imag() / count : 0);
  return {value, x.empty() ? 0 : (tree_depth(x.size()) + 2) * unit_roundoff(type) * sizes / count};
}

inline bounded reference_var(const std::vector<exact>& x, dtype type, double correction) {
  const bounded center = reference_mean(x, type);
  const auto count = static_cast<real_number>(x.size());
  const real_number unit = unit_roundoff(type);
  real_number squares = 0;
  for (const exact each : x) {
    const exact d = each - center.value;
    squares += d.real() * d.real() + d.imag() * d.imag();
  }
  const real_number divisor = std::max<real_number>(0, count - static_cast<real_number>(correction));
  const real_number value = squares / divisor;
  // Each difference is rounded, squared and summed; an error d of the mean adds d * d to each square, as the
  // differences from the exact mean add up to 0; that error also shifts what is rounded.
  const real_number shift = 2 * center.bound * center.bound * count;
  const real_number bound = ((tree_depth(x.size()) + 8) * unit * (squares + shift) + shift) / divisor;
  return {value, x.size() > 1 ? bound : 0};
}

inline bounded reference_std(const std::vector<exact>& x, dtype type, double correction) {
  const bounded v = reference_var(x, type, correction);
  const real_number variance = v.value.real();
  if (!std::isfinite(variance)) return {std::sqrt(variance)};
  const real_number root = std::sqrt(variance);
  const real_number up = std::sqrt(variance + v.bound) - root;
  const real_number down = root - std::sqrt(std::max<real_number>(0, variance - v.bound));
  return {root, std::max(up, down) + 2 * unit_roundoff(type) * root};
}

/// Integers as the mean and its relatives take them.
inline std::vector<exact> as_floats(std::vector<exact> x, dtype type) {
  if (is_floating(type)) return x;
  for (exact& each : x) each = static_cast<real_number>(static_cast<double>(each.real()));
  return x;
}

inline bounded reference(statistic which, const std::vector<exact>& x, dtype type, dtype result, double correction) {
  const auto is_true = [](exact each) { return each.real() != 0 || each.imag() != 0; };
  const dtype floating = is_floating(type) ? type : float64;
  switch (which) {
    case statistic::sum: return reference_sum(x, result);
    case statistic::prod: return reference_prod(x, result);
    case statistic::min: return reference_extreme(x, false);
    case statistic::max: return reference_extreme(x, true);
    case statistic::mean: return reference_mean(as_floats(x, type), floating);
    case statistic::var: return reference_var(as_floats(x, type), floating, correction);
    case statistic::std: return reference_std(as_floats(x, type), floating, correction);
    case statistic::any: return {std::any_of(x.begin(), x.end(), is_true) ? 1.0L : 0.0L};
    case statistic::all: return {std::all_of(x.begin(), x.end(), is_true) ? 1.0L : 0.0L};
    case statistic::count_nonzero: return {static_cast<real_number>(std::count_if(x.begin(), x.end(), is_true))};
  }
  std::abort();
}

struct expected_array {
  exact_array values;
  std::vector<real_number> bounds;
};

/// The result for a whole array. With `exact_sums` the elements are such that their sums need no rounding.
inline expected_array expected(statistic which, const exact_array& x, const statistic_options& o,
                               bool exact_sums = false) {
  const dtype result = result_type_of(which, x.type, o.dtype);
  const grouping grouped = group(x, o.axis, o.keepdims);
  expected_array wanted{{result, grouped.shape, {}}, {}};
  for (const std::vector<exact>& each : grouped.groups) {
    const bounded one = reference(which, each, x.type, result, o.correction);
    wanted.values.at.push_back(one.value);
    wanted.bounds.push_back(exact_sums && which == statistic::sum ? 0 : one.bound);
  }
  return wanted;
}

inline ::testing::AssertionResult within(const ndarray& given, const expected_array& wanted) {
  return within(given, wanted.values, wanted.bounds);
}

}  // namespace tandem::testing
