#include "core/layout.h"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

namespace tandem::core {

std::int64_t checked_size(const dims& shape, std::string_view what) {
  std::int64_t size = 1;
  bool overflow = false;
  bool empty = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0) throw shape_error(fmt::format("{}: negative extent in shape {}", what, to_string(shape)));
    if (extent == 0) empty = true;
    if (!empty && __builtin_mul_overflow(size, extent, &size)) overflow = true;
  }
  if (empty) return 0;
  if (overflow) throw shape_error(fmt::format("{}: shape {} has more than 2^63 - 1 elements", what, to_string(shape)));
  return size;
}

std::int64_t checked_bytes(const dims& shape, dtype type, std::string_view what) {
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(checked_size(shape, what), item_size(type), &bytes)) {
    throw shape_error(
        fmt::format("{}: shape {} of {} has more than 2^63 - 1 bytes", what, to_string(shape), name(type)));
  }
  return bytes;
}

std::int64_t size_of(const dims& shape) noexcept {
  // Beside a 0 the other extents may multiply past 64 bits.
  if (shape.contains(0)) return 0;
  std::int64_t size = 1;
  for (const std::int64_t extent : shape) size *= extent;
  return size;
}

dims row_major(const dims& shape) {
  dims strides = shape;
  // An empty array has no elements to place; extents then may multiply past 64 bits, so they do not.
  std::int64_t step = 1;
  const bool empty = size_of(shape) == 0;
  for (int i = shape.size() - 1; i >= 0; --i) {
    strides[i] = step;
    if (!empty) step *= shape[i];
  }
  return strides;
}

layout contiguous(const dims& shape) { return {shape, row_major(shape), 0}; }

bool is_contiguous(const layout& at) noexcept {
  if (at.shape.contains(0)) return true;
  std::int64_t expected = 1;
  for (int i = at.shape.size() - 1; i >= 0; --i) {
    if (at.shape[i] == 1) continue;
    if (at.strides[i] != expected) return false;
    expected *= at.shape[i];
  }
  return true;
}

int normalize_axis(std::int64_t axis, int rank, std::string_view what) {
  if (axis < -rank || axis >= rank) {
    throw index_error(fmt::format("{}: axis {} is out of range for an array with {} {}", what, axis, rank,
                                  rank == 1 ? "axis" : "axes"));
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

dims normalize_axes(const dims& axes, int rank, std::string_view what) {
  dims result;
  for (const std::int64_t axis : axes) {
    const int normal = normalize_axis(axis, rank, what);
    if (result.contains(normal)) throw index_error(fmt::format("{}: axis {} is given twice", what, axis));
    result.push_back(normal);
  }
  return result;
}

dims broadcast_shapes(const dims& left, const dims& right, std::string_view what) {
  const int rank = std::max(left.size(), right.size());
  dims shape = dims::filled(rank, 1);
  for (int i = 0; i < rank; ++i) {
    const int l = i - (rank - left.size());
    const int r = i - (rank - right.size());
    const std::int64_t left_extent = l < 0 ? 1 : left[l];
    const std::int64_t right_extent = r < 0 ? 1 : right[r];
    if (left_extent != right_extent && left_extent != 1 && right_extent != 1) {
      throw shape_error(fmt::format("{}: cannot broadcast {} with {}: axis {} has {} and {}", what, to_string(left),
                                    to_string(right), i, left_extent, right_extent));
    }
    shape[i] = left_extent == 1 ? right_extent : left_extent;
  }
  return shape;
}

layout broadcast(const layout& from, const dims& shape, std::string_view what) {
  const int lead = shape.size() - from.shape.size();
  layout result{shape, dims::filled(shape.size(), 0), from.offset};
  bool fits = lead >= 0;
  for (int i = 0; fits && i < from.shape.size(); ++i) {
    if (from.shape[i] == shape[lead + i]) {
      result.strides[lead + i] = from.shape[i] == 1 ? 0 : from.strides[i];
    } else if (from.shape[i] != 1) {
      fits = false;
    }
  }
  if (!fits) {
    throw shape_error(
        fmt::format("{}: shape {} does not broadcast to {}", what, to_string(from.shape), to_string(shape)));
  }
  return result;
}

layout permute(const layout& from, const dims& order) {
  layout result{order, order, from.offset};
  for (int i = 0; i < order.size(); ++i) {
    result.shape[i] = from.shape[order[i]];
    result.strides[i] = from.strides[order[i]];
  }
  return result;
}

dims by_stride(const dims& strides) {
  dims order;
  for (int axis = 0; axis < strides.size(); ++axis) {
    int position = order.size();
    while (position > 0 && std::abs(strides[order[position - 1]]) < std::abs(strides[axis])) --position;
    order.insert(position, axis);
  }
  return order;
}

namespace {

// Python's slice.indices: the first position and the number of positions.
std::pair<std::int64_t, std::int64_t> slice_positions(const slice& range, std::int64_t extent) {
  const std::int64_t step = range.step().value_or(1);
  if (step == 0) throw argument_error("index: a slice's step must not be 0");
  const std::int64_t lowest = step > 0 ? 0 : -1;
  const std::int64_t highest = step > 0 ? extent : extent - 1;
  const auto clipped = [&](slice::bound bound, std::int64_t otherwise) {
    if (!bound) return otherwise;
    const std::int64_t value = *bound < 0 ? *bound + extent : *bound;
    return std::clamp(value, lowest, highest);
  };
  const std::int64_t start = clipped(range.start(), step > 0 ? lowest : highest);
  const std::int64_t stop = clipped(range.stop(), step > 0 ? highest : lowest);
  // Unsigned, because the step may be the smallest integer.
  const auto magnitude = step > 0 ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
  const std::int64_t distance = step > 0 ? stop - start : start - stop;
  const std::int64_t count =
      distance <= 0 ? 0 : static_cast<std::int64_t>((static_cast<std::uint64_t>(distance) - 1) / magnitude) + 1;
  return {start, count};
}

}  // namespace

layout index_view(const layout& from, std::span<const index> at) {
  int taken = 0;
  int ellipses = 0;
  for (const index& entry : at) {
    taken += std::holds_alternative<std::int64_t>(entry.value()) || std::holds_alternative<slice>(entry.value());
    ellipses += std::holds_alternative<ellipsis_t>(entry.value());
  }
  const int rank = from.shape.size();
  if (taken > rank) {
    throw index_error(fmt::format("index: {} indices for an array of shape {}", taken, to_string(from.shape)));
  }
  if (ellipses > 1) throw index_error("index: only one ellipsis is allowed");

  layout result{{}, {}, from.offset};
  int axis = 0;
  const auto keep = [&](std::int64_t extent, std::int64_t stride) {
    result.shape.push_back(extent);
    result.strides.push_back(stride);
  };
  for (const index& entry : at) {
    if (const auto* position = std::get_if<std::int64_t>(&entry.value())) {
      const std::int64_t extent = from.shape[axis];
      if (*position < -extent || *position >= extent) {
        throw index_error(fmt::format("index: {} is out of range for axis {} of extent {} in shape {}", *position, axis,
                                      extent, to_string(from.shape)));
      }
      result.offset += (*position < 0 ? *position + extent : *position) * from.strides[axis];
      ++axis;
    } else if (const auto* range = std::get_if<slice>(&entry.value())) {
      const auto [start, count] = slice_positions(*range, from.shape[axis]);
      // One element or none: its stride is never used, and the step may be too large to multiply.
      keep(count, count > 1 ? from.strides[axis] * range->step().value_or(1) : from.strides[axis]);
      if (count > 0) result.offset += start * from.strides[axis];
      ++axis;
    } else if (std::holds_alternative<ellipsis_t>(entry.value())) {
      for (int left = rank - taken; left > 0; --left, ++axis) keep(from.shape[axis], from.strides[axis]);
    } else {
      keep(1, 0);
    }
  }
  for (; axis < rank; ++axis) keep(from.shape[axis], from.strides[axis]);
  return result;
}

dims resolve_reshape(std::int64_t size, const dims& shape, std::string_view what) {
  int unknown = -1;
  dims known = shape;
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] != -1) continue;
    if (unknown >= 0) throw shape_error(fmt::format("{}: only one extent of {} can be -1", what, to_string(shape)));
    unknown = i;
    known[i] = 1;
  }
  const std::int64_t known_size = checked_size(known, what);
  if (unknown >= 0 && known_size > 0 && size % known_size == 0) {
    known[unknown] = size / known_size;
  } else if (unknown >= 0 || known_size != size) {
    throw shape_error(fmt::format("{}: cannot give {} elements the shape {}", what, size, to_string(shape)));
  }
  return known;
}

std::optional<layout> reshape(const layout& from, const dims& shape) {
  layout result{shape, row_major(shape), from.offset};
  if (size_of(shape) == 0) return result;
  // Axes of extent 1 have no influence on where elements lie.
  dims extents;
  dims strides;
  for (int i = 0; i < from.shape.size(); ++i) {
    if (from.shape[i] == 1) continue;
    extents.push_back(from.shape[i]);
    strides.push_back(from.strides[i]);
  }
  // Match groups of old axes with groups of new axes of the same size; within a group the old strides must chain.
  int old_axis = 0;
  int new_axis = 0;
  while (old_axis < extents.size() && new_axis < shape.size()) {
    int old_end = old_axis + 1;
    int new_end = new_axis + 1;
    std::int64_t old_size = extents[old_axis];
    std::int64_t new_size = shape[new_axis];
    while (old_size != new_size) {
      if (old_size < new_size) {
        old_size *= extents[old_end++];
      } else {
        new_size *= shape[new_end++];
      }
    }
    for (int i = old_axis; i + 1 < old_end; ++i) {
      if (strides[i] != strides[i + 1] * extents[i + 1]) return std::nullopt;
    }
    std::int64_t step = strides[old_end - 1];
    for (int i = new_end - 1; i >= new_axis; --i) {
      result.strides[i] = step;
      step *= shape[i];
    }
    old_axis = old_end;
    new_axis = new_end;
  }
  return result;
}

offset_range range_of(const layout& at) {
  if (size_of(at.shape) == 0) return {at.offset, at.offset};
  offset_range range{at.offset, at.offset};
  for (int i = 0; i < at.shape.size(); ++i) {
    std::int64_t reach = 0;
    std::int64_t& end = at.strides[i] < 0 ? range.begin : range.end;
    if (__builtin_mul_overflow(at.shape[i] - 1, at.strides[i], &reach) || __builtin_add_overflow(end, reach, &end)) {
      throw shape_error(
          fmt::format("strides {} of shape {} reach beyond 64 bits", to_string(at.strides), to_string(at.shape)));
    }
  }
  if (__builtin_add_overflow(range.end, 1, &range.end)) {
    throw shape_error(
        fmt::format("strides {} of shape {} reach beyond 64 bits", to_string(at.strides), to_string(at.shape)));
  }
  return range;
}

}  // namespace tandem::core
