#pragma once

#include <cstdint>

#include "ops/program.h"

namespace tandem::backend {

/// How a reduction or scan iterates: three groups of axes, from the slowest to the fastest. Element (a, r, b) has
/// number (a * middle + r) * inner + b; the work goes along r.
///
/// It depends on shapes and strides only, never on the number of workers.
struct axis_split {
  /// The chain's axes in the order of iteration.
  dims order;
  /// The kept axes among them: those before the middle, then those after it.
  dims kept;
  std::int64_t outer = 1;
  std::int64_t middle = 1;
  std::int64_t inner = 1;
};

/// What to do where the worked axes are the fastest and shorter than a tile is worth: go across them, all kept axes
/// being the inner group, or leave them the middle group with nothing after it.
enum class short_runs : std::uint8_t { go_across, stay };

/// Splits the axes of `chain`. They are sorted by the strides of the largest operand, so that memory is read in its own
/// order.
axis_split split_axes(const ops::fused_chain& chain, const dims& worked, short_runs when_short = short_runs::go_across);

/// The order of a result's axes that matches `kept`: the result has the chain's axes without `worked`.
dims result_order(const dims& kept, const dims& worked);

/// How the work along the middle group is cut. An item is a row of up to a tile of neighbours in the inner group; a
/// step takes the rows along the middle group that one tile holds; a chunk is a number of steps. There are several
/// chunks an item only where there are few items, so that many workers find work.
struct work_grid {
  std::int64_t row_width;
  std::int64_t rows_a_step;
  std::int64_t rows_of_inner;
  std::int64_t items;
  std::int64_t chunks;
  std::int64_t rows_a_chunk;

  /// Rows of at most `tile` elements; a step takes what a tile holds of them, and no fewer than `least_rows_a_step`.
  work_grid(const axis_split& split, std::int64_t tile, std::int64_t least_steps_a_chunk,
            std::int64_t least_rows_a_step = 1);

  std::int64_t outer_of(std::int64_t item) const { return item / rows_of_inner; }
  std::int64_t column_of(std::int64_t item) const { return item % rows_of_inner * row_width; }
};

}  // namespace tandem::backend
