#include <tandem/manipulation.h>

#include <fmt/format.h>

#include <algorithm>

#include <tandem/errors.h>
#include <tandem/ndarray.h>

#include "core/layout.h"
#include "ops/node.h"

namespace tandem {

namespace {

dims all_axes(int rank) {
  dims list;
  for (int axis = 0; axis < rank; ++axis) list.push_back(axis);
  return list;
}

// Nodes of all, converted to the dtype that they promote to.
std::vector<ops::node_ptr> promoted_nodes(const std::vector<expr>& arrays, std::string_view what) {
  if (arrays.empty()) throw argument_error(fmt::format("{}: at least one array is needed", what));
  std::vector<ops::node_ptr> nodes;
  for (const expr& each : arrays) nodes.push_back(each.node());
  const dtype type = ops::promoted(nodes);
  for (ops::node_ptr& each : nodes) each = ops::make_promoted(each, type, what);
  return nodes;
}

expr flattened(const expr& x) { return reshape(x, {x.size()}); }

// x with `part` of its axis `axis`.
expr sliced(const expr& x, int axis, const slice& part) {
  std::vector<index> at(static_cast<std::size_t>(axis) + 1, index(all));
  at.back() = index(part);
  return x.view(at);
}

// x seen as rows of `run` elements, with `copies` of each row one after the other, in a shape of that size.
expr copied_rows(const expr& x, std::int64_t run, std::int64_t copies, const dims& shape) {
  if (x.size() == 0) return reshape(x, shape);
  const std::int64_t rows = x.size() / run;
  return reshape(broadcast_to(reshape(x, {rows, 1, run}), {rows, copies, run}), shape);
}

// Elements of a part of an array that is not empty: all of it from axis `begin` on.
std::int64_t size_from(const dims& shape, int begin) {
  std::int64_t size = 1;
  for (int axis = begin; axis < shape.size(); ++axis) size *= shape[axis];
  return size;
}

// Evaluates an expression that several views are about to share, so that it is not evaluated for each of them.
expr evaluated(const expr& x) { return eval(x, {}, {}); }

}  // namespace

expr reshape(const expr& x, const dims& shape) {
  return expr(ops::make_reshape(x.node(), core::resolve_reshape(x.size(), shape, "reshape")));
}

expr permute_dims(const expr& x, const dims& order) {
  const dims normal = core::normalize_axes(order, x.rank(), "permute_dims");
  if (normal.size() != x.rank()) {
    throw index_error(
        fmt::format("permute_dims: {} axes given for an array of shape {}", order.size(), to_string(x.shape())));
  }
  return expr(ops::make_permute(x.node(), normal));
}

expr moveaxis(const expr& x, const dims& source, const dims& destination) {
  const dims from = core::normalize_axes(source, x.rank(), "moveaxis");
  const dims to = core::normalize_axes(destination, x.rank(), "moveaxis");
  if (from.size() != to.size()) {
    throw index_error(fmt::format("moveaxis: {} axes to move, {} places given", from.size(), to.size()));
  }
  dims order = dims::filled(x.rank(), -1);
  for (int i = 0; i < from.size(); ++i) order[to[i]] = from[i];
  std::int64_t next = 0;
  for (std::int64_t& axis : order) {
    if (axis >= 0) continue;
    while (from.contains(next)) ++next;
    axis = next++;
  }
  return expr(ops::make_permute(x.node(), order));
}

expr matrix_transpose(const expr& x) {
  if (x.rank() < 2)
    throw shape_error(fmt::format("matrix_transpose: expected at least 2 axes, given shape {}", to_string(x.shape())));
  dims order = all_axes(x.rank());
  std::swap(order[x.rank() - 1], order[x.rank() - 2]);
  return expr(ops::make_permute(x.node(), order));
}

expr expand_dims(const expr& x, std::int64_t axis) {
  const int position = core::normalize_axis(axis, x.rank() + 1, "expand_dims");
  std::vector<index> at(static_cast<std::size_t>(position), index(all));
  at.push_back(newaxis);
  return x.view(at);
}

expr squeeze(const expr& x, const dims& axis) {
  const dims gone = core::normalize_axes(axis, x.rank(), "squeeze");
  std::vector<index> at;
  for (int i = 0; i < x.rank(); ++i) {
    if (!gone.contains(i)) {
      at.push_back(all);
    } else if (x.shape()[i] != 1) {
      throw shape_error(
          fmt::format("squeeze: axis {} of shape {} has extent {}, expected 1", i, to_string(x.shape()), x.shape()[i]));
    } else {
      at.push_back(0);
    }
  }
  return x.view(at);
}

expr flip(const expr& x, const axes& axis) {
  const dims turned = axis.list() ? core::normalize_axes(*axis.list(), x.rank(), "flip") : all_axes(x.rank());
  std::vector<index> at;
  for (int i = 0; i < x.rank(); ++i) at.push_back(turned.contains(i) ? index(slice(none, none, -1)) : index(all));
  return x.view(at);
}

expr broadcast_to(const expr& x, const dims& shape) {
  return expr(ops::make_broadcast(x.node(), shape, "broadcast_to"));
}

std::vector<expr> broadcast_arrays(const std::vector<expr>& arrays) {
  dims shape;
  for (const expr& each : arrays) shape = core::broadcast_shapes(shape, each.shape(), "broadcast_arrays");
  std::vector<expr> result;
  for (const expr& each : arrays) result.push_back(broadcast_to(each, shape));
  return result;
}

expr concat(const std::vector<expr>& arrays, std::optional<std::int64_t> axis) {
  std::vector<ops::node_ptr> nodes = promoted_nodes(arrays, "concat");
  if (!axis) {
    for (ops::node_ptr& each : nodes) each = ops::make_reshape(each, {core::size_of(each->shape)});
  }
  const int position = core::normalize_axis(axis.value_or(0), nodes.front()->shape.size(), "concat");
  return expr(ops::make_concat(std::move(nodes), position));
}

expr stack(const std::vector<expr>& arrays, std::int64_t axis) {
  std::vector<ops::node_ptr> nodes = promoted_nodes(arrays, "stack");
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    if (nodes[i]->shape != nodes[0]->shape) {
      throw shape_error(fmt::format("stack: all arrays must have the same shape: array 0 has {}, array {} has {}",
                                    to_string(nodes[0]->shape), i, to_string(nodes[i]->shape)));
    }
  }
  const int position = core::normalize_axis(axis, nodes[0]->shape.size() + 1, "stack");
  dims shape = nodes[0]->shape;
  shape.insert(position, 1);
  for (ops::node_ptr& each : nodes) each = ops::make_reshape(each, shape);
  return expr(ops::make_concat(std::move(nodes), position));
}

std::vector<expr> unstack(const expr& x, std::int64_t axis) {
  const int position = core::normalize_axis(axis, x.rank(), "unstack");
  const expr shared = evaluated(x);
  std::vector<index> at(static_cast<std::size_t>(position) + 1, index(all));
  std::vector<expr> result;
  for (std::int64_t i = 0; i < x.shape()[position]; ++i) {
    at.back() = index(i);
    result.push_back(shared.view(at));
  }
  return result;
}

expr roll(const expr& x, const dims& shift, const axes& axis) {
  const bool flat = !axis.list();
  expr result = flat ? flattened(x) : x;
  const dims rolled = flat ? dims{0} : core::normalize_axes(*axis.list(), x.rank(), "roll");
  if (shift.size() != 1 && shift.size() != rolled.size()) {
    throw argument_error(fmt::format("roll: {} shifts for {} axes", shift.size(), rolled.size()));
  }
  for (int i = 0; i < rolled.size(); ++i) {
    const int along = static_cast<int>(rolled[i]);
    const std::int64_t extent = result.shape()[along];
    if (extent == 0) continue;
    const std::int64_t by = shift[shift.size() == 1 ? 0 : i] % extent;
    const std::int64_t cut = by > 0 ? extent - by : -by;
    if (cut == 0) continue;
    result = concat({sliced(result, along, slice(cut, none)), sliced(result, along, slice(none, cut))}, along);
  }
  return flat ? reshape(result, x.shape()) : result;
}

expr repeat(const expr& x, std::int64_t repeats, std::optional<std::int64_t> axis) {
  if (repeats < 0) throw argument_error(fmt::format("repeat: {} repeats, expected 0 or more", repeats));
  const expr source = axis ? x : flattened(x);
  const int along = core::normalize_axis(axis.value_or(0), source.rank(), "repeat");
  dims result = source.shape();
  if (__builtin_mul_overflow(result[along], repeats, &result[along]))
    throw shape_error("repeat: the extent overflows 64 bits");
  if (source.rank() == max_rank) {  // there is no room for an axis of copies
    return copied_rows(source, source.size() == 0 ? 0 : size_from(source.shape(), along + 1), repeats, result);
  }
  dims shape = source.shape();
  shape.insert(along + 1, repeats);
  return reshape(broadcast_to(expand_dims(source, along + 1), shape), result);
}

expr repeat(const expr& x, const expr& repeats, std::optional<std::int64_t> axis) {
  if (!is_integer(repeats.dtype())) {
    throw dtype_error(fmt::format("repeat: repeats must be integers, given {}", name(repeats.dtype())));
  }
  if (repeats.rank() > 1) {
    throw shape_error(
        fmt::format("repeat: repeats must have at most one axis, given shape {}", to_string(repeats.shape())));
  }
  const ndarray counts = eval(expr(ops::make_cast(repeats.node(), dtype::int64)), {}, {});
  const expr source = axis ? x : flattened(x);
  const int along = core::normalize_axis(axis.value_or(0), source.rank(), "repeat");
  if (counts.size() == 1) return repeat(source, counts.item<std::int64_t>(), along);
  if (counts.size() != source.shape()[along]) {
    throw shape_error(
        fmt::format("repeat: {} counts for axis {} of shape {}", counts.size(), along, to_string(source.shape())));
  }
  std::vector<std::int64_t> ends = counts.to_vector<std::int64_t>();
  std::int64_t total = 0;
  for (std::int64_t& each : ends) {
    if (each < 0) throw argument_error(fmt::format("repeat: {} repeats, expected 0 or more", each));
    if (__builtin_add_overflow(total, each, &total)) throw shape_error("repeat: the extent overflows 64 bits");
    each = total;
  }
  const ndarray end_array = array(std::span<const std::int64_t>(ends), {static_cast<std::int64_t>(ends.size())});
  return expr(ops::make_repeat(source.node(), expr(end_array).node(), along, total));
}

expr tile(const expr& x, const dims& repetitions) {
  // (a, b) laid out (p, q) times is (p, a, q, b) with broadcast p and q, seen as (p a, q b).
  const int rank = std::max(x.rank(), repetitions.size());
  dims extents = x.shape();
  while (extents.size() < rank) extents.insert(0, 1);
  dims counts = repetitions;
  while (counts.size() < rank) counts.insert(0, 1);
  dims result = extents;
  int partners = 0;
  for (int i = 0; i < rank; ++i) {
    if (counts[i] < 0) throw argument_error(fmt::format("tile: {} repetitions, expected 0 or more", counts[i]));
    if (__builtin_mul_overflow(counts[i], extents[i], &result[i]))
      throw shape_error("tile: an extent overflows 64 bits");
    partners += counts[i] != 1 && extents[i] != 1 ? 1 : 0;
  }
  if (rank + partners > max_rank) {  // one axis after the other
    expr tiled = reshape(x, extents);
    for (int i = 0; i < rank; ++i) {
      dims longer = tiled.shape();
      longer[i] = result[i];
      if (counts[i] != 1)
        tiled = copied_rows(tiled, tiled.size() == 0 ? 0 : size_from(tiled.shape(), i), counts[i], longer);
    }
    return tiled;
  }
  dims spread;
  dims repeated;
  for (int i = 0; i < rank; ++i) {
    if (counts[i] != 1 && extents[i] != 1) {
      spread.push_back(1);
      repeated.push_back(counts[i]);
    }
    spread.push_back(extents[i]);
    repeated.push_back(extents[i] == 1 ? counts[i] : extents[i]);
  }
  return reshape(broadcast_to(reshape(x, spread), repeated), result);
}

}  // namespace tandem
