#include "backend/cpu/axis_split.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "core/layout.h"

namespace tandem::backend {

namespace {

// Strides to sort by: of the operand with the most distinct elements, and where it is broadcast, of the others.
dims leading_strides(const ops::fused_chain& chain) {
  dims leading = dims::filled(chain.shape.size(), 0);
  const ops::region* largest = nullptr;
  double largest_size = 0;
  for (const ops::region& source : chain.sources) {
    double size = 1;
    for (int i = 0; i < chain.shape.size(); ++i) {
      if (source.at.strides[i] != 0) size *= static_cast<double>(chain.shape[i]);
    }
    if (size > largest_size) {
      largest_size = size;
      largest = &source;
    }
  }
  for (int i = 0; i < chain.shape.size(); ++i) {
    if (largest != nullptr) leading[i] = std::abs(largest->at.strides[i]);
    if (leading[i] != 0) continue;
    for (const ops::region& source : chain.sources) leading[i] = std::max(leading[i], std::abs(source.at.strides[i]));
  }
  return leading;
}

// Below this many elements in the two faster groups, a tile would be mostly overhead.
constexpr std::int64_t worthwhile_run = 128;

}  // namespace

axis_split split_axes(const ops::fused_chain& chain, const dims& worked, short_runs when_short) {
  const dims sorted = core::by_stride(leading_strides(chain));

  // Axes of extent 1 lie anywhere; they must not hide that the fastest axis is a kept one.
  int inner_begin = sorted.size();
  const auto is_worked = [&](std::int64_t axis) { return worked.contains(axis) && chain.shape[axis] != 1; };
  while (inner_begin > 0 && !is_worked(sorted[inner_begin - 1])) --inner_begin;

  axis_split split;
  dims outer;
  dims inner;
  std::int64_t run = 1;
  for (int i = 0; i < sorted.size(); ++i) {
    const std::int64_t axis = sorted[i];
    if (worked.contains(axis)) {
      run *= chain.shape[axis];
    } else if (i >= inner_begin) {
      run *= chain.shape[axis];
      inner.push_back(axis);
    } else {
      outer.push_back(axis);
    }
  }
  const bool stays = when_short == short_runs::stay && inner.empty();
  if (run < worthwhile_run && !stays) {
    // Short runs along the worked axes: go across them instead, all kept axes being the fastest.
    for (const std::int64_t axis : inner) outer.push_back(axis);
    inner = outer;
    outer = {};
  }
  split.order = outer;
  for (const std::int64_t axis : outer) split.outer *= chain.shape[axis];
  for (const std::int64_t axis : sorted) {
    if (!worked.contains(axis)) continue;
    split.order.push_back(axis);
    split.middle *= chain.shape[axis];
  }
  for (const std::int64_t axis : inner) {
    split.order.push_back(axis);
    split.inner *= chain.shape[axis];
  }
  split.kept = outer;
  for (const std::int64_t axis : inner) split.kept.push_back(axis);
  return split;
}

dims result_order(const dims& kept, const dims& worked) {
  dims order;
  for (const std::int64_t axis : kept) {
    std::int64_t position = axis;
    for (const std::int64_t gone : worked) position -= gone < axis ? 1 : 0;
    order.push_back(position);
  }
  return order;
}

work_grid::work_grid(const axis_split& split, std::int64_t tile, std::int64_t least_steps_a_chunk,
                     std::int64_t least_rows_a_step) {
  constexpr std::int64_t enough_items = 64;
  row_width = std::min(split.inner, tile);
  // Powers of two, which combine eight and eight without a rest.
  const auto rows_of_tile = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(tile / row_width)));
  rows_a_step = std::max(rows_of_tile, least_rows_a_step);
  rows_of_inner = (split.inner + row_width - 1) / row_width;
  items = split.outer * rows_of_inner;
  const std::int64_t steps = (split.middle + rows_a_step - 1) / rows_a_step;
  const std::int64_t wanted = items >= enough_items ? 1 : (enough_items + items - 1) / items;
  const std::int64_t at_most = std::max<std::int64_t>(1, std::min(wanted, steps / least_steps_a_chunk));
  const std::int64_t steps_a_chunk = (steps + at_most - 1) / at_most;
  chunks = (steps + steps_a_chunk - 1) / steps_a_chunk;  // rounding up may have left nothing for the last ones
  rows_a_chunk = steps_a_chunk * rows_a_step;
}

}  // namespace tandem::backend
