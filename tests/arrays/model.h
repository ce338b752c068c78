#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include <tandem/dims.h>
#include <tandem/index.h>

#include "support/elements.h"

// Views as nothing but lists: the reference for everything that the library computes with strides and offsets.
namespace tandem::testing {

/// A shape, and for each element in row-major order its position in the memory that is viewed.
struct model {
  dims shape;
  std::vector<std::int64_t> positions;
};

/// A row-major array of that shape.
inline model whole(const dims& shape) {
  model result{shape, {}};
  for (std::int64_t i = 0; i < count_of(shape); ++i) result.positions.push_back(i);
  return result;
}

/// The positions that Python's rules give for a slice of `extent` elements, by walking; numbers wide enough to be
/// naive.
inline std::vector<std::int64_t> walk_slice(const slice& range, std::int64_t extent) {
  using wide = int128;
  const wide step = range.step().value_or(1);
  const auto bound = [&](slice::bound given, wide otherwise) -> wide {
    if (!given) return otherwise;
    wide value = *given;
    if (value < 0) value += extent;
    if (value < 0) return step < 0 ? -1 : 0;
    if (value >= extent) return step < 0 ? extent - 1 : extent;
    return value;
  };
  const wide start = bound(range.start(), step < 0 ? extent - 1 : 0);
  const wide stop = bound(range.stop(), step < 0 ? -1 : extent);
  std::vector<std::int64_t> kept;
  for (wide at = start; step < 0 ? at > stop : at < stop; at += step) kept.push_back(static_cast<std::int64_t>(at));
  return kept;
}

/// Keeps, along each axis, the listed places in that order. `dropped` axes are left out of the shape, `added` counts
/// the axes of extent 1 to put in front of an axis (and, last, behind all).
inline model select(const model& from, const std::vector<std::vector<std::int64_t>>& kept,
                    const std::vector<bool>& dropped, const std::vector<int>& added) {
  model result;
  const int rank = from.shape.size();
  dims extents;
  for (int axis = 0; axis <= rank; ++axis) {
    for (int i = 0; i < added[static_cast<std::size_t>(axis)]; ++i) result.shape.push_back(1);
    if (axis == rank) break;
    const auto& list = kept[static_cast<std::size_t>(axis)];
    extents.push_back(static_cast<std::int64_t>(list.size()));
    if (!dropped[static_cast<std::size_t>(axis)]) result.shape.push_back(static_cast<std::int64_t>(list.size()));
  }
  // Counts through the kept places and finds each one's row-major number in `from`.
  const std::int64_t total = count_of(extents);
  for (std::int64_t n = 0; n < total; ++n) {
    std::int64_t rest = n;
    std::int64_t number = 0;
    std::int64_t weight = 1;
    for (int axis = rank - 1; axis >= 0; --axis) {
      number += kept[static_cast<std::size_t>(axis)][static_cast<std::size_t>(rest % extents[axis])] * weight;
      rest /= extents[axis];
      weight *= from.shape[axis];
    }
    result.positions.push_back(from.positions[static_cast<std::size_t>(number)]);
  }
  return result;
}

/// Basic indexing with valid entries.
inline model select(const model& from, std::span<const index> at) {
  const int rank = from.shape.size();
  int taken = 0;
  for (const index& entry : at) {
    taken += std::holds_alternative<std::int64_t>(entry.value()) || std::holds_alternative<slice>(entry.value());
  }
  std::vector<std::vector<std::int64_t>> kept;
  std::vector<bool> dropped;
  std::vector<int> added(static_cast<std::size_t>(rank) + 1, 0);
  const auto keep_whole = [&] {
    kept.push_back(walk_slice(slice(), from.shape[static_cast<std::int64_t>(kept.size())]));
    dropped.push_back(false);
  };
  for (const index& entry : at) {
    const auto axis = static_cast<std::int64_t>(kept.size());
    if (const auto* position = std::get_if<std::int64_t>(&entry.value())) {
      kept.push_back({*position < 0 ? *position + from.shape[axis] : *position});
      dropped.push_back(true);
    } else if (const auto* range = std::get_if<slice>(&entry.value())) {
      kept.push_back(walk_slice(*range, from.shape[axis]));
      dropped.push_back(false);
    } else if (std::holds_alternative<ellipsis_t>(entry.value())) {
      for (int left = rank - taken; left > 0; --left) keep_whole();
    } else {
      ++added[static_cast<std::size_t>(axis)];
    }
  }
  while (static_cast<int>(kept.size()) < rank) keep_whole();
  return select(from, kept, dropped, added);
}

/// Axis i of the result is axis order[i].
inline model permuted(const model& from, const dims& order) {
  model result;
  for (const std::int64_t axis : order) result.shape.push_back(from.shape[axis]);
  dims weights = dims::filled(from.shape.size(), 1);
  for (int i = from.shape.size() - 2; i >= 0; --i) weights[i] = weights[i + 1] * from.shape[i + 1];
  dims strides;
  for (const std::int64_t axis : order) strides.push_back(weights[axis]);
  for (const std::int64_t number : distances_of(result.shape, strides)) {
    result.positions.push_back(from.positions[static_cast<std::size_t>(number)]);
  }
  return result;
}

/// Repeated to a larger shape that it broadcasts to.
inline model spread(const model& from, const dims& shape) {
  const int lead = shape.size() - from.shape.size();
  dims strides = dims::filled(shape.size(), 0);
  std::int64_t weight = 1;
  for (int i = from.shape.size() - 1; i >= 0; --i) {
    if (from.shape[i] != 1) strides[lead + i] = weight;
    weight *= from.shape[i];
  }
  model result{shape, {}};
  for (const std::int64_t number : distances_of(shape, strides)) {
    result.positions.push_back(from.positions[static_cast<std::size_t>(number)]);
  }
  return result;
}

/// A valid entry for an axis of that extent: a position, or a slice whose bounds and steps are often out of range.
inline index random_entry(std::int64_t extent, random_numbers& random) {
  if (extent > 0 && random.chance(20)) return random.between(-extent, extent - 1);
  if (random.chance(10)) return all;
  const auto bound = [&]() -> slice::bound {
    switch (random.between(0, 9)) {
      case 0: return std::nullopt;
      case 1: return random.one_of(std::vector<std::int64_t>{INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1});
      case 2: return random.between(-3 * extent - 3, 3 * extent + 3);
      default: return random.between(-extent - 1, extent + 1);
    }
  };
  slice::bound step;
  switch (random.between(0, 7)) {
    case 0: break;
    case 1: step = random.one_of(std::vector<std::int64_t>{INT64_MIN, INT64_MAX, INT64_MIN + 1, INT64_MAX / 2}); break;
    case 2: step = -1; break;
    default:
      step = random.between(-4, 3);
      if (*step >= 0) ++*step;
  }
  return slice(bound(), bound(), step);
}

/// A valid index for an array of that shape.
inline std::vector<index> random_index(const dims& shape, random_numbers& random) {
  std::vector<index> at;
  int axis = 0;
  bool had_ellipsis = false;
  while (true) {
    if (random.chance(10)) at.push_back(newaxis);
    if (!had_ellipsis && random.chance(15)) {
      // The entries behind an ellipsis are for the last axes: skip some.
      at.push_back(ellipsis);
      had_ellipsis = true;
      axis += static_cast<int>(random.between(0, shape.size() - axis));
    }
    if (axis == shape.size() || (!had_ellipsis && random.chance(15))) return at;
    at.push_back(random_entry(shape[axis], random));
    ++axis;
  }
}

inline dims random_shape(int most_axes, std::int64_t largest_extent, random_numbers& random) {
  dims shape;
  const std::int64_t rank = random.between(0, most_axes);
  for (std::int64_t i = 0; i < rank; ++i) {
    shape.push_back(random.chance(15) ? 1 : random.chance(5) ? 0 : random.between(1, largest_extent));
  }
  return shape;
}

}  // namespace tandem::testing
