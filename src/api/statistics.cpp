#include <tandem/statistics.h>

#include <fmt/format.h>

#include <algorithm>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/errors.h>
#include <tandem/manipulation.h>

#include "core/layout.h"
#include "ops/node.h"

namespace tandem {

namespace {

// The axes to reduce, ascending.
dims reduced_axes(const axes& given, int rank, std::string_view what) {
  dims list;
  if (given.list()) {
    list = core::normalize_axes(*given.list(), rank, what);
  } else {
    for (int axis = 0; axis < rank; ++axis) list.push_back(axis);
  }
  std::sort(list.begin(), list.end());
  return list;
}

// The shape with reduced axes kept as 1.
dims kept_shape(const dims& shape, const dims& reduced) {
  dims kept = shape;
  for (const std::int64_t axis : reduced) kept[axis] = 1;
  return kept;
}

expr reduce(ops::reduction which, const expr& x, const axes& axis, bool keepdims, std::string_view what) {
  const dims reduced = reduced_axes(axis, x.rank(), what);
  if (reduced.empty()) return x;
  ops::node_ptr result = ops::make_reduce(which, x.node(), reduced);
  if (keepdims) result = ops::make_reshape(result, kept_shape(x.shape(), reduced));
  return expr(std::move(result));
}

expr reduce(ops::reduction which, const expr& x, const axes& axis, bool keepdims) {
  return reduce(which, x, axis, keepdims, ops::info(which).name);
}

dtype accumulator(dtype type) {
  if (is_floating(type)) return type;
  return kind_of(type) == dtype_kind::unsigned_integer ? dtype::uint64 : dtype::int64;
}

dtype mean_dtype(dtype type) { return is_floating(type) ? type : dtype::float64; }

void check_ordered(dtype type, std::string_view what) {
  if (is_complex(type))
    throw dtype_error(fmt::format("{}: complex numbers have no order (given {})", what, name(type)));
}

double reduced_count(const expr& x, const axes& axis, std::string_view what) {
  double count = 1;
  for (const std::int64_t each : reduced_axes(axis, x.rank(), what)) count *= static_cast<double>(x.shape()[each]);
  return count;
}

expr mean_of(const expr& x, const axes& axis, bool keepdims, std::string_view what) {
  const expr values = astype(x, mean_dtype(x.dtype()));
  const double count = reduced_count(x, axis, what);
  return reduce(ops::reduction::sum, values, axis, keepdims) / count;
}

expr variance_of(const expr& x, const variance_options& options, std::string_view what) {
  const expr values = astype(x, mean_dtype(x.dtype()));
  const expr distance = values - mean_of(values, options.axis, true, what);
  const expr squares = is_complex(values.dtype()) ? square(real(distance)) + square(imag(distance)) : square(distance);
  const double divisor = std::max(0.0, reduced_count(x, options.axis, what) - options.correction);
  return reduce(ops::reduction::sum, squares, options.axis, options.keepdims) / divisor;
}

expr arg(bool largest, const expr& x, const arg_options& options) {
  const std::string_view what = largest ? "argmax" : "argmin";
  check_ordered(x.dtype(), what);
  const int axis = options.axis ? core::normalize_axis(*options.axis, x.rank(), what) : ops::every_axis;
  ops::node_ptr result = ops::make_arg(largest, x.node(), axis);
  if (options.keepdims) {
    dims reduced{axis};
    if (axis == ops::every_axis) reduced = reduced_axes({}, x.rank(), what);
    result = ops::make_reshape(result, kept_shape(x.shape(), reduced));
  }
  return expr(std::move(result));
}

expr scan(ops::reduction which, const expr& x, const scan_options& options, std::string_view what) {
  if (!options.axis && x.rank() != 1) {
    throw argument_error(fmt::format("{}: an axis must be given for an array of shape {}", what, to_string(x.shape())));
  }
  const int axis = core::normalize_axis(options.axis.value_or(0), x.rank(), what);
  const dtype type = options.dtype.value_or(accumulator(x.dtype()));
  const ops::node_ptr values = ops::make_cast(x.node(), type);
  ops::node_ptr result = ops::make_scan(which, values, axis);
  if (options.include_initial) {
    dims first = x.shape();
    first[axis] = 1;
    const int neutral = ops::info(which).identity;
    const scalar value = type == dtype::bool_ ? scalar(neutral != 0) : scalar(neutral);
    const ops::node_ptr initial = ops::make_broadcast(ops::make_cast(ops::make_constant(value), type), first, what);
    result = ops::make_concat({initial, result}, axis);
  }
  return expr(std::move(result));
}

}  // namespace

expr sum(const expr& x, const sum_options& options) {
  return reduce(ops::reduction::sum, astype(x, options.dtype.value_or(accumulator(x.dtype()))), options.axis,
                options.keepdims);
}

expr prod(const expr& x, const sum_options& options) {
  return reduce(ops::reduction::prod, astype(x, options.dtype.value_or(accumulator(x.dtype()))), options.axis,
                options.keepdims);
}

expr min(const expr& x, const reduce_options& options) {
  check_ordered(x.dtype(), "min");
  return reduce(ops::reduction::min, x, options.axis, options.keepdims);
}

expr max(const expr& x, const reduce_options& options) {
  check_ordered(x.dtype(), "max");
  return reduce(ops::reduction::max, x, options.axis, options.keepdims);
}

expr mean(const expr& x, const reduce_options& options) { return mean_of(x, options.axis, options.keepdims, "mean"); }

expr var(const expr& x, const variance_options& options) { return variance_of(x, options, "var"); }

expr std(const expr& x, const variance_options& options) { return sqrt(variance_of(x, options, "std")); }

expr all_t::operator()(const expr& x) const { return (*this)(x, reduce_options()); }

expr all_t::operator()(const expr& x, const reduce_options& options) const {
  return reduce(ops::reduction::all, astype(x, dtype::bool_), options.axis, options.keepdims);
}

expr any(const expr& x, const reduce_options& options) {
  return reduce(ops::reduction::any, astype(x, dtype::bool_), options.axis, options.keepdims);
}

expr count_nonzero(const expr& x, const reduce_options& options) {
  const expr counted = astype(astype(x, dtype::bool_), dtype::int64);
  return reduce(ops::reduction::sum, counted, options.axis, options.keepdims, "count_nonzero");
}

expr argmax(const expr& x, const arg_options& options) { return arg(true, x, options); }
expr argmin(const expr& x, const arg_options& options) { return arg(false, x, options); }

expr cumulative_sum(const expr& x, const scan_options& options) {
  return scan(ops::reduction::sum, x, options, "cumulative_sum");
}
expr cumulative_prod(const expr& x, const scan_options& options) {
  return scan(ops::reduction::prod, x, options, "cumulative_prod");
}

}  // namespace tandem
