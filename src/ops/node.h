#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <tandem/dims.h>
#include <tandem/dtype.h>
#include <tandem/expr.h>
#include <tandem/index.h>
#include <tandem/ndarray.h>
#include <tandem/scalar.h>

#include "ops/node_list.h"
#include "ops/op.h"

namespace tandem::ops {

// What a node of an expression does with its inputs.

/// An array, and how often its storage had been written to when it was captured.
struct array_leaf {
  ndarray value;
  std::uint64_t version;
};
/// A number of the node's dtype, the same everywhere in the node's shape.
struct constant_leaf {
  scalar value;
};
/// An element-wise operation; inputs have the operation's dtype already and broadcast to the node's shape.
struct elementwise_op {
  op which;
};
/// The input converted to the node's dtype.
struct cast_op {};
/// A reduction over `axes` (ascending), which the result does not have.
struct reduce_op {
  reduction which;
  dims axes;
};
/// The first index of the extreme value along `axis`, which the result does not have; or, if `axis` is `every_axis`, in
/// row-major order of all elements.
struct arg_op {
  bool largest;
  int axis;
};
/// Running sums or products along `axis`.
struct scan_op {
  reduction which;
  int axis;
};
/// (..., m, k), (..., k, n) -> (..., m, n), both of the node's dtype; leading axes broadcast.
struct matmul_op {};
/// Inputs one after the other along `axis`.
struct concat_op {
  int axis;
};
/// Positions along `axis` repeated: the second input (int64, one axis) says for each where its copies end in the
/// result.
struct repeat_op {
  int axis;
};
// The same elements seen otherwise.
struct permute_view {
  dims order;
};
struct index_view {
  std::vector<index> at;
  /// What they are of a contiguous input, which says it all: different indices may see the same.
  detail::layout of_contiguous;
};
struct broadcast_view {};
struct reshape_view {};

using node_detail =
    std::variant<array_leaf, constant_leaf, elementwise_op, cast_op, reduce_op, arg_op, scan_op, matmul_op, concat_op,
                 repeat_op, permute_view, index_view, broadcast_view, reshape_view>;

template <class Detail>
inline constexpr bool is_elementwise = std::is_same_v<Detail, elementwise_op> || std::is_same_v<Detail, cast_op>;

/// A result that was kept, and the number of writes to its storage at that time.
struct kept_result {
  ndarray value;
  std::uint64_t version;
};

}  // namespace tandem::ops

namespace tandem::detail {

/// One operation of an expression. Immutable, but for the result that its evaluation keeps.
struct node {
  template <class Detail>
  node(dtype type_, const dims& shape_, bool weak_, ops::node_list inputs_, Detail&& detail_)
      : type(type_),
        shape(shape_),
        weak(weak_),
        nesting(inputs_.empty() ? 0 : nesting_over(inputs_, ops::is_elementwise<std::remove_cvref_t<Detail>>)),
        inputs(std::move(inputs_)),
        detail(std::in_place_type<std::remove_cvref_t<Detail>>, std::forward<Detail>(detail_)) {}
  node(const node&) = delete;
  node& operator=(const node&) = delete;
  /// Frees long chains without recursion.
  ~node();

  dtype type;
  dims shape;
  /// The dtype adapts to arrays that it meets: numbers and work on numbers alone.
  bool weak;
  /// How many operations other than element-wise ones follow each other below this node.
  int nesting;
  ops::node_list inputs;
  ops::node_detail detail;
  /// Set by an evaluation with this node as its root. Most nodes have none, and looking at the pointer takes a lock.
  mutable std::atomic<bool> has_kept{false};
  mutable std::atomic<std::shared_ptr<const ops::kept_result>> kept;

 private:
  static int nesting_over(const ops::node_list& inputs, bool is_elementwise);
};

}  // namespace tandem::detail

namespace tandem::ops {

using detail::node;
using detail::node_ptr;

/// The operation's name in errors and programs.
std::string_view name_of(const node& of) noexcept;

/// The kept result, if there is one that is still what the evaluation gave.
std::shared_ptr<const kept_result> valid_result(const node& of);
/// Keeps the result of an evaluation of the node. Thread safety: any thread.
void keep_result(const node& of, const ndarray& result);

// Builders: they check dtypes and shapes, insert conversions, and simplify views of arrays to arrays.

node_ptr make_array(const ndarray& value);
node_ptr make_constant(const scalar& value);
/// Promotes and converts inputs by the row of `which`.
node_ptr make_elementwise(op which, node_list inputs);
/// Throws: `dtype_error` for complex to real.
node_ptr make_cast(const node_ptr& input, dtype type);
/// As `make_cast`, to the dtype of what `input` meets. Throws: `dtype_error` also for a literal integer out of its
/// range.
node_ptr make_promoted(const node_ptr& input, dtype type, std::string_view what);
/// Combines elements over ascending `axes` in the input's dtype.
node_ptr make_reduce(reduction which, const node_ptr& input, const dims& axes);
/// `axis` may be `every_axis`.
node_ptr make_arg(bool largest, const node_ptr& input, int axis);
node_ptr make_scan(reduction which, const node_ptr& input, int axis);
/// Operands of rank 2 or more and equal dtypes.
node_ptr make_matmul(const node_ptr& x, const node_ptr& y);
/// At least one input, all of one dtype and of shapes that fit.
node_ptr make_concat(std::vector<node_ptr> inputs, int axis);
/// `extent` is the last of `ends`.
node_ptr make_repeat(const node_ptr& input, const node_ptr& ends, int axis, std::int64_t extent);
node_ptr make_permute(const node_ptr& input, const dims& order);
node_ptr make_index(const node_ptr& input, std::span<const index> at);
node_ptr make_broadcast(const node_ptr& input, const dims& shape, std::string_view what);
/// `shape` has the input's number of elements.
node_ptr make_reshape(const node_ptr& input, const dims& shape);

/// The dtype that all nodes promote to, weak ones adapting to the others.
dtype promoted(std::span<const node_ptr> nodes);

}  // namespace tandem::ops
