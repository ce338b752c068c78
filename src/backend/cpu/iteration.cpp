#include "backend/cpu/iteration.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "backend/cpu/tiles.h"

namespace tandem::backend {

namespace {

// The axis along which a source's neighbours lie, if it is another one than `fastest` and going along `fastest` meets a
// new cache line with each element.
std::optional<int> crossing_axis(const detail::layout& source, std::int64_t item_bytes, int fastest) {
  constexpr std::int64_t line_bytes = 64;
  const auto step = [&](int axis) { return std::abs(source.strides[axis]); };
  if (step(fastest) * item_bytes < line_bytes) return {};
  std::optional<int> closest;
  for (int axis = 0; axis < source.shape.size(); ++axis) {
    if (source.shape[axis] == 1 || step(axis) == 0 || step(axis) >= step(fastest)) continue;
    if (!closest || step(axis) < step(*closest)) closest = axis;
  }
  if (closest && step(*closest) * item_bytes >= line_bytes) return {};
  return closest;
}

}  // namespace

iteration::iteration(const dims& shape, const dims& order)
    : begins_(dims::filled(shape.size(), 0)), extents_(shape), order_(order) {}

iteration iteration::box(int axis, std::int64_t begin, std::int64_t end) const {
  iteration part = *this;
  part.begins_[axis] += begin;
  part.extents_[axis] = end - begin;
  return part;
}

std::vector<iteration> iteration::of_elementwise(const ops::fused_chain& chain, const detail::layout& target) {
  const iteration whole(chain.shape, core::by_stride(target.strides));
  // Two axes become five.
  if (chain.shape.size() < 2 || chain.shape.size() > max_rank - 3) return {whole};
  const int columns = static_cast<int>(whole.order_.back());
  std::optional<int> rows;
  std::int64_t item_bytes = 1;
  for (std::size_t i = 0; i < chain.sources.size(); ++i) {
    const std::int64_t bytes = item_size(chain.source_types[i]);
    const auto crossing = crossing_axis(chain.sources[i].at, bytes, columns);
    if (!crossing || bytes < item_bytes) continue;
    rows = crossing;
    item_bytes = bytes;
  }
  if (!rows) return {whole};

  // What stays in a core's own caches needs no blocks: 100 x 100 float64 take 7 us without and 10 us with them (AMD Zen
  // 5, 2026-11).
  constexpr std::int64_t cached_bytes = 256 * 1024;
  if (whole.size() <= cached_bytes / item_bytes) return {whole};

  static_assert(block_rows * block_columns == tile_elements);
  // So few columns that what the next rows need of a source's lines and pages is still at hand.
  constexpr std::int64_t strip_columns = 1024;
  const std::int64_t whole_rows = chain.shape[*rows] / block_rows * block_rows;
  const std::int64_t whole_columns = chain.shape[columns] / block_columns * block_columns;
  if (whole_rows == 0 || whole_columns == 0) return {whole};
  const std::int64_t in_strips = whole_columns / strip_columns * strip_columns;
  const auto blocks = [&](std::int64_t begin, std::int64_t end, std::int64_t strip) {
    iteration part = whole.box(*rows, 0, whole_rows).box(columns, begin, end);
    part.rows_ = *rows;
    part.columns_ = columns;
    part.strip_columns_ = strip;
    return part;
  };
  std::vector<iteration> parts;
  if (in_strips > 0) parts.push_back(blocks(0, in_strips, strip_columns));
  if (in_strips < whole_columns) parts.push_back(blocks(in_strips, whole_columns, whole_columns - in_strips));
  if (whole_columns < chain.shape[columns]) {
    parts.push_back(whole.box(*rows, 0, whole_rows).box(columns, whole_columns, chain.shape[columns]));
  }
  if (whole_rows < chain.shape[*rows]) parts.push_back(whole.box(*rows, whole_rows, chain.shape[*rows]));
  return parts;
}

detail::layout iteration::seen(const detail::layout& at) const {
  detail::layout result;
  result.offset = at.offset;
  for (int axis = 0; axis < at.shape.size(); ++axis) result.offset += begins_[axis] * at.strides[axis];
  const auto add = [&](std::int64_t extent, std::int64_t stride) {
    result.shape.push_back(extent);
    result.strides.push_back(stride);
  };
  for (const std::int64_t axis : order_) {
    if (axis != rows_ && axis != columns_) add(extents_[axis], at.strides[axis]);
  }
  if (rows_ < 0) return result;
  add(extents_[columns_] / strip_columns_, at.strides[columns_] * strip_columns_);
  add(extents_[rows_] / block_rows, at.strides[rows_] * block_rows);
  add(strip_columns_ / block_columns, at.strides[columns_] * block_columns);
  add(block_rows, at.strides[rows_]);
  add(block_columns, at.strides[columns_]);
  return result;
}

}  // namespace tandem::backend
