#include <tandem/products.h>

#include <fmt/format.h>

#include <tandem/elementwise.h>
#include <tandem/errors.h>
#include <tandem/manipulation.h>

#include "core/layout.h"
#include "ops/node.h"

namespace tandem {

namespace {

void check_rank(const expr& x, int least, std::string_view what) {
  if (x.rank() < least) {
    throw shape_error(fmt::format("{}: expected at least {} {}, given {} {}", what, least, least == 1 ? "axis" : "axes",
                                  name(x.dtype()), to_string(x.shape())));
  }
}

// Both in the dtype that they promote to.
std::pair<expr, expr> promoted(const expr& x, const expr& y, std::string_view what) {
  const dtype type = ops::promoted(std::array{x.node(), y.node()});
  return {expr(ops::make_promoted(x.node(), type, what)), expr(ops::make_promoted(y.node(), type, what))};
}

std::int64_t product_of(const dims& shape, const dims& axes) {
  dims extents;
  for (const std::int64_t axis : axes) extents.push_back(shape[axis]);
  return core::size_of(extents);
}

}  // namespace

expr matmul(const expr& x, const expr& y) {
  check_rank(x, 1, "matmul");
  check_rank(y, 1, "matmul");
  const auto [left, right] = promoted(x, y, "matmul");
  if (x.rank() == 1 && y.rank() == 1) {
    if (x.shape() != y.shape()) {
      throw shape_error(
          fmt::format("matmul: extents differ for shapes {} and {}", to_string(x.shape()), to_string(y.shape())));
    }
    return expr(ops::make_reduce(ops::reduction::sum, (left * right).node(), {0}));
  }
  const expr rows = x.rank() == 1 ? expand_dims(left, 0) : left;
  const expr columns = y.rank() == 1 ? expand_dims(right, 1) : right;
  expr result(ops::make_matmul(rows.node(), columns.node()));
  if (x.rank() == 1) result = squeeze(result, {-2});
  if (y.rank() == 1) result = squeeze(result, {-1});
  return result;
}

expr tensordot(const expr& x, const expr& y, std::int64_t count) {
  if (count < 0 || count > x.rank() || count > y.rank()) {
    throw index_error(
        fmt::format("tensordot: {} axes of shapes {} and {}", count, to_string(x.shape()), to_string(y.shape())));
  }
  dims x_axes;
  dims y_axes;
  for (std::int64_t i = 0; i < count; ++i) {
    x_axes.push_back(x.rank() - count + i);
    y_axes.push_back(i);
  }
  return tensordot(x, y, x_axes, y_axes);
}

expr tensordot(const expr& x, const expr& y, const dims& x_axes, const dims& y_axes) {
  const dims x_summed = core::normalize_axes(x_axes, x.rank(), "tensordot");
  const dims y_summed = core::normalize_axes(y_axes, y.rank(), "tensordot");
  bool fits = x_summed.size() == y_summed.size();
  for (int i = 0; fits && i < x_summed.size(); ++i) fits = x.shape()[x_summed[i]] == y.shape()[y_summed[i]];
  if (!fits) {
    throw shape_error(fmt::format("tensordot: axes {} of shape {} and axes {} of shape {} do not pair up",
                                  to_string(x_axes), to_string(x.shape()), to_string(y_axes), to_string(y.shape())));
  }
  const auto [left, right] = promoted(x, y, "tensordot");
  dims shape;
  dims x_order;
  dims y_order = y_summed;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (x_summed.contains(axis)) continue;
    x_order.push_back(axis);
    shape.push_back(x.shape()[axis]);
  }
  for (const std::int64_t axis : x_summed) x_order.push_back(axis);
  for (int axis = 0; axis < y.rank(); ++axis) {
    if (y_summed.contains(axis)) continue;
    y_order.push_back(axis);
    shape.push_back(y.shape()[axis]);
  }
  const std::int64_t inner = product_of(x.shape(), x_summed);
  const std::int64_t rows =
      product_of(x.shape(), dims(std::span(x_order.begin(), static_cast<std::size_t>(x.rank() - x_summed.size()))));
  const std::int64_t columns = product_of(
      y.shape(),
      dims(std::span(y_order.begin() + y_summed.size(), static_cast<std::size_t>(y.rank() - y_summed.size()))));
  const expr matrix = reshape(permute_dims(left, x_order), {rows, inner});
  const expr other = reshape(permute_dims(right, y_order), {inner, columns});
  return reshape(expr(ops::make_matmul(matrix.node(), other.node())), shape);
}

expr vecdot(const expr& x, const expr& y, std::int64_t axis) {
  check_rank(x, 1, "vecdot");
  check_rank(y, 1, "vecdot");
  const auto last = [&](const expr& of) {
    return moveaxis(of, {core::normalize_axis(axis, of.rank(), "vecdot")}, {-1});
  };
  const auto [left, right] = promoted(x, y, "vecdot");
  const expr moved_left = last(left);
  const expr moved_right = last(right);
  if (moved_left.shape().back() != moved_right.shape().back()) {
    throw shape_error(fmt::format("vecdot: axis {} has {} and {} for shapes {} and {}", axis, moved_left.shape().back(),
                                  moved_right.shape().back(), to_string(x.shape()), to_string(y.shape())));
  }
  const expr terms = (is_complex(left.dtype()) ? conj(moved_left) : moved_left) * moved_right;
  return expr(ops::make_reduce(ops::reduction::sum, terms.node(), {terms.rank() - 1}));
}

}  // namespace tandem
