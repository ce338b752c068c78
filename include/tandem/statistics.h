#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

#include <tandem/dims.h>
#include <tandem/dtype.h>
#include <tandem/export.h>
#include <tandem/expr.h>

namespace tandem {

/// The axes an operation works over: all of them, one, or several. Negative axes count from the last.
class axes {
 public:
  /// All axes.
  axes() = default;
  axes(std::int64_t axis) : list_(dims{axis}) {}
  axes(int axis) : list_(dims{axis}) {}
  axes(std::initializer_list<std::int64_t> list) : list_(dims(list)) {}
  axes(const dims& list) : list_(list) {}
  axes(none_t) {}

  /// The axes as given, or nothing for all.
  const std::optional<dims>& list() const noexcept { return list_; }

 private:
  std::optional<dims> list_;
};

/// Options of reductions that keep the dtype or have a fixed one.
struct reduce_options {
  /// Axes to reduce; the default is all of them.
  axes axis = {};
  /// Reduced axes stay with extent 1.
  bool keepdims = false;
};

/// Options of `sum` and `prod`.
struct sum_options {
  axes axis = {};
  bool keepdims = false;
  /// Dtype to accumulate in and to return; elements are converted to it first.
  std::optional<tandem::dtype> dtype = std::nullopt;
};

/// Options of `var` and `std`.
struct variance_options {
  axes axis = {};
  bool keepdims = false;
  /// The divisor is n - correction: 0 for a population, 1 for a sample.
  double correction = 0;
};

/// Options of `argmin` and `argmax`.
struct arg_options {
  /// Axis to search; none means the elements of the whole array in row-major order.
  std::optional<std::int64_t> axis = std::nullopt;
  bool keepdims = false;
};

/// Options of `cumulative_sum` and `cumulative_prod`.
struct scan_options {
  /// Axis to go along; may be left out for arrays of one axis only.
  std::optional<std::int64_t> axis = std::nullopt;
  std::optional<tandem::dtype> dtype = std::nullopt;
  /// Put the neutral element first, so that the axis grows by 1.
  bool include_initial = false;
};

// What all reductions here share:
//
// Shapes: (..., n_axis, ...) -> the same without the reduced axes, or with extent 1 there if `keepdims`. No axes at
// all, `.axis = {dims{}}`, reduces nothing.
// Accuracy: error grows with log2(n) on every axis; the result has the same bits for every number of workers. The order
//   of the additions follows shape and strides, so that a transposed or sliced array, or an expression evaluated before
//   it is reduced, may round differently from a contiguous copy of the same values.
// Cost: deferred; reads each element once and makes no temporaries, also when `x` is an expression.
// Throws: `index_error` if an axis is out of range or repeated, `dtype_error` if the dtype of `x` is not supported.
// Thread safety: any thread may call these.

/// Sums elements over the given axes. Integers and booleans accumulate and return in int64, or uint64 if unsigned;
/// floats in their own dtype. The sum of nothing is 0. Throws also `dtype_error` for complex `x` and a real `dtype`.
TANDEM_API expr sum(const expr& x, const sum_options& options = {});
/// Multiplies elements; dtypes as `sum`. The product of nothing is 1.
TANDEM_API expr prod(const expr& x, const sum_options& options = {});
/// The smallest element, nan if one is nan. Real dtypes and bool. Throws also `shape_error` for no elements.
TANDEM_API expr min(const expr& x, const reduce_options& options = {});
/// The largest element, nan if one is nan. Real dtypes and bool. Throws also `shape_error` for no elements.
TANDEM_API expr max(const expr& x, const reduce_options& options = {});
/// Arithmetic mean, in the dtype of `x` if floating, else float64. The mean of nothing is nan.
TANDEM_API expr mean(const expr& x, const reduce_options& options = {});
/// Variance: the sum of |x - mean|^2 divided by n - correction; dtype as `mean`, real for complex `x`. Reads `x` twice.
/// A divisor of 0 or less gives nan or infinity as NumPy does (it counts as 0).
TANDEM_API expr var(const expr& x, const variance_options& options = {});
/// Standard deviation, the square root of `var`.
TANDEM_API expr std(const expr& x, const variance_options& options = {});
/// Whether any element is true (not 0). bool; false for no elements. Its companion `all` is declared in index.h.
TANDEM_API expr any(const expr& x, const reduce_options& options = {});
/// Number of elements that are not 0. int64.
TANDEM_API expr count_nonzero(const expr& x, const reduce_options& options = {});
/// Index of the first largest element along an axis; the first nan counts as largest. int64. Throws also `shape_error`
/// for no elements.
TANDEM_API expr argmax(const expr& x, const arg_options& options = {});
/// Index of the first smallest element along an axis; the first nan counts as smallest. int64. Throws as `argmax`.
TANDEM_API expr argmin(const expr& x, const arg_options& options = {});
/// Running sums along an axis; dtypes as `sum`, shape as `x` (one longer with `include_initial`).
/// Throws also `argument_error` if no axis is given for other than one axis.
TANDEM_API expr cumulative_sum(const expr& x, const scan_options& options = {});
/// Running products along an axis; as `cumulative_sum`.
TANDEM_API expr cumulative_prod(const expr& x, const scan_options& options = {});

}  // namespace tandem
