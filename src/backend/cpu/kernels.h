#pragma once

#include <cstddef>
#include <cstdint>

#include <tandem/dtype.h>

#include "ops/op.h"

// The loops over contiguous elements that everything else on the CPU is made of, one for each operation and dtype. They
// are compiled for several instruction sets (loops/); these functions give those of the one in use (instruction_set.h).
namespace tandem::backend::kernels {

/// out[i] = f(in[0][i], in[1][i], ...). `out` may be one of the inputs, but must not overlap one otherwise.
using map_kernel = void (*)(const std::byte* const* in, std::byte* out, std::int64_t count);

/// The loop of an operation for operands of dtype `type`. The row's kinds must have it.
map_kernel map(ops::op which, dtype type);

/// The loop that converts elements.
map_kernel convert(dtype from, dtype to);

/// out[i] = the combination of rows[0][i] ... rows[7][i], pairwise. `out` may be one of the rows.
using combine_eight_kernel = void (*)(const std::byte* const* rows, std::byte* out, std::int64_t count);

combine_eight_kernel combine_eight(ops::reduction which, dtype type);

/// Elements that `combine_blocks` makes one of.
inline constexpr std::int64_t block_elements = 512;

/// out[b] = the combination of the `block_elements` elements that begin at in[b * block_elements], pairwise.
using combine_blocks_kernel = void (*)(const std::byte* in, std::int64_t blocks, std::byte* out);

combine_blocks_kernel combine_blocks(ops::reduction which, dtype type);

/// out[g] = the combination of the `length` elements that begin at in[g * length], for g < groups. Error growth is that
/// of sums of `length` / 8 elements.
using combine_groups_kernel = void (*)(const std::byte* in, std::int64_t groups, std::int64_t length, std::byte* out);

combine_groups_kernel combine_groups(ops::reduction which, dtype type);

/// out[i] = carry = combine(carry, in[i]); `carry` is one element.
using scan_kernel = void (*)(const std::byte* in, std::byte* carry, std::byte* out, std::int64_t count);

scan_kernel scan(ops::reduction which, dtype type);

/// Improves `best[j]` and `best_at[j]`, for j < width, by rows of candidates: the candidate of row r is at position
/// `positions[r * width + j]`, or `first + r` if positions is null. Earlier rows win ties, nan wins over numbers.
using arg_kernel = void (*)(const std::byte* rows, std::int64_t row_count, std::int64_t width, std::int64_t first,
                            const std::int64_t* positions, std::byte* best, std::int64_t* best_at);

arg_kernel arg(bool largest, dtype type);

/// acc[j] += x * y[j * stride], in the dtype's arithmetic, for integers and booleans.
using multiply_add_kernel = void (*)(const std::byte* x, const std::byte* y, std::int64_t stride, std::byte* acc,
                                     std::int64_t count);

multiply_add_kernel multiply_add(dtype type);

/// Strides of the matrices of one operand, in elements; `step` leads from one matrix to the next.
struct matrix_strides {
  std::int64_t row;
  std::int64_t column;
  std::int64_t step;
};

/// (rows, depth) times (depth, columns), all extents at least 1.
struct product {
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t depth;
  matrix_strides x;
  matrix_strides y;
  matrix_strides z;
};

/// What is copied of operands at once: a panel of the right one, `depth_at_once` rows of at most `panel_row_bytes`,
/// which stays in the L2 cache; `rows_at_once` rows of `depth_at_once` elements of the left one if its rows are not
/// contiguous, half an L2 cache of 1 MiB (AMD Zen 5, 2026-11). Copied rows are further apart than they are long, so that
/// they do not share few sets of the L1 cache.
inline constexpr std::int64_t depth_at_once = 256;
inline constexpr std::int64_t rows_at_once = 256;
inline constexpr std::int64_t panel_row_bytes = 256;
inline constexpr std::int64_t panel_spare_row_bytes = 320;
inline constexpr std::int64_t left_spare_row = depth_at_once + 16;
inline constexpr std::int64_t panel_spare_bytes = depth_at_once * panel_spare_row_bytes;
constexpr std::int64_t product_spare_bytes(const matrix_strides& x, std::int64_t item_bytes) {
  return panel_spare_bytes + (x.column == 1 ? 0 : rows_at_once * left_spare_row * item_bytes);
}

/// z = x y for `count` products. Rows of `z` are contiguous (its `column` is 1), and it must not overlap an operand.
/// Without `spare`, rows of `y` must be contiguous too; with `product_spare_bytes` of it, aligned to 64 bytes, operands
/// may have any strides. Both ways give the same bits.
using products_kernel = void (*)(const product& of, const std::byte* x, const std::byte* y, std::byte* z,
                                 std::int64_t count, std::byte* spare);

/// For float32 and float64.
products_kernel products(dtype type);

/// The functions above for one instruction set.
struct loop_set {
  map_kernel (*map)(ops::op which, dtype type);
  map_kernel (*convert)(dtype from, dtype to);
  combine_eight_kernel (*combine_eight)(ops::reduction which, dtype type);
  combine_blocks_kernel (*combine_blocks)(ops::reduction which, dtype type);
  combine_groups_kernel (*combine_groups)(ops::reduction which, dtype type);
  scan_kernel (*scan)(ops::reduction which, dtype type);
  arg_kernel (*arg)(bool largest, dtype type);
  multiply_add_kernel (*multiply_add)(dtype type);
  products_kernel (*products)(dtype type);
};

}  // namespace tandem::backend::kernels
