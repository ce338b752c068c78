#pragma once

#include <vector>

#include <tandem/dims.h>

#include "core/layout.h"
#include "ops/program.h"

namespace tandem::backend {

/// The order in which the elements of a chain's shape, or of a box of it, are visited: row-major in axes that are
/// those of the shape in another order, two of which may be cut in blocks.
class iteration {
 public:
  /// All elements; `order` lists the axes from the slowest to the fastest.
  iteration(const dims& shape, const dims& order);

  /// What element-wise work visits to write a target of this layout: the target as it lies in memory or, where a
  /// source's neighbours lie along another axis than the target's, block by block, so that lines of both are used whole
  /// while they are in the cache. Together the parts are all elements.
  static std::vector<iteration> of_elementwise(const ops::fused_chain& chain, const detail::layout& target);

  /// Number of elements.
  std::int64_t size() const noexcept { return core::size_of(extents_); }

  /// Whether each tile is a block: its rows and columns are the last two axes of a layout as it is seen.
  bool is_in_blocks() const noexcept { return rows_ >= 0; }

  /// Whether each tile is a block, and a block's neighbouring rows of such a layout are neighbours in memory: its last
  /// two axes as it is seen are then to be read the other way round.
  bool turns(const detail::layout& at) const { return rows_ >= 0 && at.strides[rows_] == 1; }

  /// The layout as it is visited: element number e of the iteration is its element with row-major number e.
  detail::layout seen(const detail::layout& at) const;

 private:
  iteration box(int axis, std::int64_t begin, std::int64_t end) const;

  dims begins_;
  dims extents_;
  dims order_;
  // A block is a tile. More rows make more streams of reads and writes at once, which is slower: 3000 x 3000 float32 in
  // 8 rows 6 ms, in 32 rows 15 ms (AMD Zen 5, 2026-11).
  static constexpr std::int64_t block_rows = 8;
  static constexpr std::int64_t block_columns = 64;

  /// Axes that are cut in blocks, or -1; `strip_columns_` are gone through for all rows before the next ones.
  int rows_ = -1;
  int columns_ = -1;
  std::int64_t strip_columns_ = 1;
};

}  // namespace tandem::backend
