#include "ops/node.h"

#include <fmt/format.h>

#include <optional>

#include <tandem/errors.h>

#include "core/layout.h"
#include "memory/storage.h"

namespace tandem::detail {

namespace {

constexpr int max_nesting = 2000;

// Moves the last handles to nodes that have inputs themselves: destroying one of the others goes no deeper.
void take_last_handles(ops::node_list& from, std::vector<node_ptr>& to) {
  for (node_ptr& each : from) {
    if (each != nullptr && !each->inputs.empty() && each.use_count() == 1) to.push_back(std::move(each));
  }
}

}  // namespace

int node::nesting_over(const ops::node_list& inputs, bool is_elementwise) {
  int nesting = 0;
  for (const node_ptr& input : inputs) nesting = std::max(nesting, input->nesting);
  if (is_elementwise) return nesting;
  if (nesting == max_nesting) {
    throw argument_error(fmt::format(
        "an expression nests more than {} reductions, products, joins or views; evaluate a part of it with eval",
        max_nesting));
  }
  return nesting + 1;
}

node::~node() {
  // A chain of a million additions must not become a million nested destructor calls.
  std::vector<node_ptr> pending;
  take_last_handles(inputs, pending);
  while (!pending.empty()) {
    const node_ptr last = std::move(pending.back());
    pending.pop_back();
    take_last_handles(const_cast<ops::node_list&>(last->inputs), pending);
  }
}

}  // namespace tandem::detail

namespace tandem::ops {

namespace {

template <class Detail>
node_ptr make(dtype type, const dims& shape, bool weak, node_list inputs, Detail&& detail) {
  core::checked_bytes(shape, type, "expression");
  return std::make_shared<const node>(type, shape, weak, std::move(inputs), std::forward<Detail>(detail));
}

// A view of an array is an array, of the version that was captured.
node_ptr leaf_view(const array_leaf& leaf, detail::layout layout, bool writable) {
  ndarray view(leaf.value.storage(), leaf.value.dtype(), std::move(layout), leaf.value.is_writable() && writable);
  const dims shape = view.shape();
  const dtype type = view.dtype();
  return make(type, shape, false, {}, array_leaf{std::move(view), leaf.version});
}

bool is_two(const node& of) {
  const auto* const constant = std::get_if<constant_leaf>(&of.detail);
  if (constant == nullptr) return false;
  return std::visit(
      [](auto number) { return !std::is_same_v<decltype(number), bool> && number == decltype(number)(2); },
      constant->value.value());
}

std::string operands_text(const node_list& inputs) {
  std::string text;
  for (const node_ptr& input : inputs) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", name(input->type), to_string(input->shape));
  }
  return text;
}

}  // namespace

std::string_view name_of(const node& of) noexcept {
  struct visitor {
    std::string_view operator()(const array_leaf&) const { return "array"; }
    std::string_view operator()(const constant_leaf&) const { return "number"; }
    std::string_view operator()(const elementwise_op& detail) const { return info(detail.which).name; }
    std::string_view operator()(const cast_op&) const { return "astype"; }
    std::string_view operator()(const reduce_op& detail) const { return info(detail.which).name; }
    std::string_view operator()(const arg_op& detail) const { return detail.largest ? "argmax" : "argmin"; }
    std::string_view operator()(const scan_op& detail) const {
      return detail.which == reduction::sum ? "cumulative_sum" : "cumulative_prod";
    }
    std::string_view operator()(const matmul_op&) const { return "matmul"; }
    std::string_view operator()(const concat_op&) const { return "concat"; }
    std::string_view operator()(const repeat_op&) const { return "repeat"; }
    std::string_view operator()(const permute_view&) const { return "permute_dims"; }
    std::string_view operator()(const index_view&) const { return "index"; }
    std::string_view operator()(const broadcast_view&) const { return "broadcast_to"; }
    std::string_view operator()(const reshape_view&) const { return "reshape"; }
  };
  return std::visit(visitor(), of.detail);
}

std::shared_ptr<const kept_result> valid_result(const node& of) {
  if (!of.has_kept.load(std::memory_order_acquire)) return nullptr;
  std::shared_ptr<const kept_result> kept = of.kept.load(std::memory_order_acquire);
  if (kept && kept->value.storage()->version() != kept->version) kept.reset();
  return kept;
}

void keep_result(const node& of, const ndarray& result) {
  of.kept.store(std::make_shared<const kept_result>(kept_result{result, result.storage()->version()}),
                std::memory_order_release);
  of.has_kept.store(true, std::memory_order_release);
}

node_ptr make_array(const ndarray& value) {
  return std::make_shared<const node>(value.dtype(), value.shape(), false, node_list(),
                                      array_leaf{value, value.storage()->version()});
}

node_ptr make_constant(const scalar& value) { return make(value.default_dtype(), {}, true, {}, constant_leaf{value}); }

dtype promoted(std::span<const node_ptr> nodes) {
  // From the highest dtype of the arrays (see `result_type` of many), without memory for a list of them.
  std::optional<dtype> type;
  for (const node_ptr& each : nodes) {
    if (!each->weak && (!type || each->type > *type)) type = each->type;
  }
  const bool all_weak = !type;
  for (const node_ptr& each : nodes) {
    if (each->weak && !all_weak) continue;
    type = type ? result_type(*type, each->type) : each->type;
  }
  if (all_weak) return *type;
  for (const node_ptr& each : nodes) {
    if (each->weak) type = weak_result_type(each->type, *type);
  }
  return *type;
}

node_ptr make_cast(const node_ptr& input, dtype type) {
  if (input->type == type && !input->weak) return input;
  if (is_complex(input->type) && !is_complex(type) && type != dtype::bool_) {
    throw dtype_error(fmt::format("astype: {} to {} would drop the imaginary part; take real(x) or abs(x) first",
                                  name(input->type), name(type)));
  }
  if (const auto* constant = std::get_if<constant_leaf>(&input->detail);
      constant != nullptr && constant->value.fits(type)) {
    return make(type, input->shape, false, {}, *constant);
  }
  return make(type, input->shape, false, node_list(input), cast_op());
}

node_ptr make_promoted(const node_ptr& input, dtype type, std::string_view what) {
  const auto* constant = std::get_if<constant_leaf>(&input->detail);
  if (input->weak && constant != nullptr && !constant->value.fits(type)) {
    throw dtype_error(fmt::format("{}: {} does not fit {}, the dtype of the array beside it", what,
                                  to_string(constant->value), name(type)));
  }
  return make_cast(input, type);
}

node_ptr make_elementwise(op which, node_list inputs) {
  const op_info& row = info(which);
  const bool selects = row.arity == 3;
  dtype type = promoted(std::span<const node_ptr>(inputs).subspan(selects ? 1 : 0));
  if (!kinds::contains(row.kinds, type)) {
    const bool to_float = (row.kinds & ~kinds::floating) == 0 && kinds::contains(kinds::integer_or_bool, type);
    if (!to_float) {
      throw dtype_error(fmt::format("{}: not defined for {} (given {}); it takes {}", row.name, name(type),
                                    operands_text(inputs), describe_kinds(row.kinds)));
    }
    type = dtype::float64;
  }
  bool weak = true;
  dims shape;
  for (const node_ptr& input : inputs) {
    weak = weak && input->weak;
    if (input->shape == shape || input->shape.empty()) continue;
    if (shape.empty()) {
      shape = input->shape;
      continue;
    }
    try {
      shape = core::broadcast_shapes(shape, input->shape, row.name);
    } catch (const shape_error&) {
      // Name the operands as given, not the shape that some of them broadcast to.
      std::string text;
      if (inputs.size() == 2) {
        try {
          core::broadcast_shapes(inputs[0]->shape, inputs[1]->shape, row.name);
        } catch (const shape_error& error) {
          text = error.what();
        }
      } else {
        text = fmt::format("{}: cannot broadcast the operands to one shape", row.name);
      }
      throw shape_error(fmt::format("{} (given {})", text, operands_text(inputs)));
    }
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const dtype wanted = selects && i == 0 ? dtype::bool_ : type;
    if (inputs[i]->type != wanted || inputs[i]->weak) inputs[i] = make_promoted(inputs[i], wanted, row.name);
  }
  // As NumPy does: rounded once, and many times faster.
  if (which == op::pow && is_two(*inputs[1]) && inputs[0]->shape == shape) {
    return make(type, shape, weak, node_list(inputs[0]), elementwise_op{op::square});
  }
  return make(result_dtype(row.result, type), shape, weak, std::move(inputs), elementwise_op{which});
}

node_ptr make_reduce(reduction which, const node_ptr& input, const dims& axes) {
  dims shape;
  for (int i = 0; i < input->shape.size(); ++i) {
    if (!axes.contains(i)) {
      shape.push_back(input->shape[i]);
    } else if (input->shape[i] == 0 && !info(which).has_identity) {
      throw shape_error(fmt::format("{}: no elements along axis {} of shape {}, and {} of nothing has no value",
                                    info(which).name, i, to_string(input->shape), info(which).name));
    }
  }
  return make(input->type, shape, false, node_list(input), reduce_op{which, axes});
}

node_ptr make_arg(bool largest, const node_ptr& input, int axis) {
  dims shape = input->shape;
  if (axis == every_axis ? core::size_of(shape) == 0 : shape[axis] == 0) {
    throw shape_error(
        fmt::format("{}: no elements to search in shape {}", largest ? "argmax" : "argmin", to_string(input->shape)));
  }
  if (axis == every_axis) {
    shape = {};
  } else {
    shape.erase(axis);
  }
  return make(dtype::int64, shape, false, node_list(input), arg_op{largest, axis});
}

node_ptr make_scan(reduction which, const node_ptr& input, int axis) {
  return make(input->type, input->shape, false, node_list(input), scan_op{which, axis});
}

node_ptr make_matmul(const node_ptr& x, const node_ptr& y) {
  const int x_rank = x->shape.size();
  const int y_rank = y->shape.size();
  if (x->shape[x_rank - 1] != y->shape[y_rank - 2]) {
    throw shape_error(
        fmt::format("matmul: inner extents differ, {} and {}, for shapes {} and {} (expected (..., m, k), (..., k, n))",
                    x->shape[x_rank - 1], y->shape[y_rank - 2], to_string(x->shape), to_string(y->shape)));
  }
  const dims x_batch(std::span(x->shape.begin(), static_cast<std::size_t>(x_rank - 2)));
  const dims y_batch(std::span(y->shape.begin(), static_cast<std::size_t>(y_rank - 2)));
  dims shape = core::broadcast_shapes(x_batch, y_batch, "matmul");
  shape.push_back(x->shape[x_rank - 2]);
  shape.push_back(y->shape[y_rank - 1]);
  return make(x->type, shape, false, node_list(x, y), matmul_op());
}

node_ptr make_concat(std::vector<node_ptr> inputs, int axis) {
  dims shape = inputs.front()->shape;
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const dims& other = inputs[i]->shape;
    bool fits = other.size() == shape.size();
    for (int k = 0; fits && k < shape.size(); ++k) fits = k == axis || shape[k] == other[k];
    if (!fits) {
      throw shape_error(
          fmt::format("concat: shapes must agree on all axes but axis {}: array 0 has {}, array {} has {}", axis,
                      to_string(inputs.front()->shape), i, to_string(other)));
    }
    if (__builtin_add_overflow(shape[axis], other[axis], &shape[axis])) {
      throw shape_error("concat: the extents add up to more than 2^63 - 1");
    }
  }
  const dtype type = inputs.front()->type;
  return make(type, shape, false, node_list(std::move(inputs)), concat_op{axis});
}

node_ptr make_repeat(const node_ptr& input, const node_ptr& ends, int axis, std::int64_t extent) {
  dims shape = input->shape;
  shape[axis] = extent;
  return make(input->type, shape, false, node_list(input, ends), repeat_op{axis});
}

node_ptr make_permute(const node_ptr& input, const dims& order) {
  if (const auto* leaf = std::get_if<array_leaf>(&input->detail)) {
    return leaf_view(*leaf, core::permute(leaf->value.layout(), order), true);
  }
  dims shape = order;
  for (int i = 0; i < order.size(); ++i) shape[i] = input->shape[order[i]];
  return make(input->type, shape, input->weak, node_list(input), permute_view{order});
}

node_ptr make_index(const node_ptr& input, std::span<const index> at) {
  if (const auto* leaf = std::get_if<array_leaf>(&input->detail)) {
    return leaf_view(*leaf, core::index_view(leaf->value.layout(), at), true);
  }
  const detail::layout seen = core::index_view(core::contiguous(input->shape), at);
  return make(input->type, seen.shape, input->weak, node_list(input), index_view{{at.begin(), at.end()}, seen});
}

node_ptr make_broadcast(const node_ptr& input, const dims& shape, std::string_view what) {
  core::checked_size(shape, what);
  const detail::layout seen = core::broadcast(core::contiguous(input->shape), shape, what);
  if (const auto* leaf = std::get_if<array_leaf>(&input->detail)) {
    return leaf_view(*leaf, core::broadcast(leaf->value.layout(), shape, what), false);
  }
  if (input->shape == shape) return input;
  if (std::holds_alternative<constant_leaf>(input->detail)) {
    return make(input->type, shape, input->weak, {}, std::get<constant_leaf>(input->detail));
  }
  return make(input->type, seen.shape, input->weak, node_list(input), broadcast_view());
}

node_ptr make_reshape(const node_ptr& input, const dims& shape) {
  if (shape == input->shape) return input;
  if (const auto* leaf = std::get_if<array_leaf>(&input->detail)) {
    if (auto view = core::reshape(leaf->value.layout(), shape)) return leaf_view(*leaf, *view, true);
  }
  return make(input->type, shape, input->weak, node_list(input), reshape_view());
}

}  // namespace tandem::ops
