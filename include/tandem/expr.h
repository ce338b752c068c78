#pragma once

#include <complex>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <source_location>
#include <span>
#include <utility>

#include <tandem/dims.h>
#include <tandem/dtype.h>
#include <tandem/export.h>
#include <tandem/index.h>
#include <tandem/policy.h>
#include <tandem/scalar.h>

namespace tandem {

class ndarray;
namespace detail {
struct node;
using node_ptr = std::shared_ptr<const node>;
}  // namespace detail

/// Work on arrays that has been described and checked but not yet run.
///
/// Building an expression checks shapes and dtypes and throws there; assigning it to an `ndarray`, `eval`, printing or
/// reading a value runs it. An expr holds its operands, so it never dangles. Evaluating it keeps the result for later
/// uses of the same expr. If an operand is written to between being captured and the evaluation, evaluating throws
/// `stale_expression`. A scalar converts to an expr whose dtype is weak (see `scalar`); so does work on scalars alone.
///
/// Copying copies a handle. Thread safety: an expr may be read, copied and evaluated from many threads at once.
class TANDEM_API expr {
 public:
  expr(const ndarray& array);
  expr(const scalar& value);
  template <element T>
  expr(T value) : expr(scalar(value)) {}
  explicit expr(detail::node_ptr node) noexcept : node_(std::move(node)) {}

  /// Dtype of the result. For a weak expr, the dtype it has on its own.
  tandem::dtype dtype() const noexcept;
  /// Shape of the result.
  const dims& shape() const noexcept;
  /// Number of axes.
  int rank() const noexcept { return shape().size(); }
  /// Number of elements.
  std::int64_t size() const noexcept;
  /// Whether the dtype adapts to arrays that the expr meets: true for scalars and work on scalars alone.
  bool is_weak() const noexcept;

  /// Part of the result by basic indexing; see `ndarray::operator()`. Throws: `index_error`, `argument_error`.
  template <class... Index>
    requires(std::convertible_to<Index, index> && ...)
  expr operator()(const Index&... at) const {
    return view({index(at)...});
  }
  expr view(std::span<const index> at) const;
  expr view(std::initializer_list<index> at) const { return view(std::span(at.begin(), at.size())); }

  const detail::node_ptr& node() const noexcept { return node_; }
  /// The node of an expr that is not used again.
  detail::node_ptr release() && noexcept { return std::move(node_); }

 private:
  detail::node_ptr node_;
};

/// Runs an expression and returns its result; waits until it is complete.
///
/// Copies: none for an array or a view of one (the result then shares the array's storage), otherwise the result is
/// new. Allocates the result, the results of the reductions and products inside, and O(workers) scratch.
/// Thread safety: any number of threads may evaluate at once, also the same expr.
/// Throws: `stale_expression` if an operand was written to since it was captured, `out_of_memory`, `policy_error` if
/// `rules.workers` is neither -1 nor 1 to `max_workers`. Nothing is changed then.
/// `where` is what reports and decision logs call the evaluation by.
TANDEM_API ndarray eval(const expr& value, const policy& rules = {},
                        std::source_location where = std::source_location::current());
/// The same for an expression that is not used again: its result is not kept in it.
TANDEM_API ndarray eval(expr&& value, const policy& rules = {},
                        std::source_location where = std::source_location::current());

namespace detail {
TANDEM_API void evaluate_to(const expr& value, const ndarray& out, const policy& rules, std::source_location where);
}  // namespace detail

/// Runs an expression, writes its result to `out`, an array or view of the result's shape, and returns `out`; waits.
///
/// `value` may read the memory that is written, in any overlap. The result is converted to the dtype of `out`, if that
/// is one of the same kind or a higher one: float64 to float32, but no float to an integer.
/// Allocates: as `eval`, but for the result. Thread safety: as `eval`, if nobody else uses the elements of `out`.
/// Throws: `shape_error` if the shapes differ, `dtype_error` for another kind of dtype or a read-only array, and what
/// `eval` throws. Elements are unchanged then.
template <std::same_as<ndarray> Array>  // so that {} is a policy
const Array& eval(const expr& value, const Array& out, const policy& rules = {},
                  std::source_location where = std::source_location::current()) {
  detail::evaluate_to(value, out, rules, where);
  return out;
}

}  // namespace tandem
