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

/// Sums, differences and products; `subtract_from` is y - x.
enum class arithmetic : std::uint8_t { add, subtract, multiply, subtract_from };

/// Up to four of them on one element.
struct fused_work {
  /// Of operands x, y, z, w, v and operations f, g, h, k. Only those on one earlier result and one operand may be
  /// `subtract_from`.
  enum class form : std::uint8_t {
    single,     ///< x f y
    pair,       ///< (x f y) g z
    line,       ///< ((x f y) g z) h w
    fork,       ///< (x f y) h (z g w)
    fork_line,  ///< ((x f y) h (z g w)) k v
  };
  form shape;
  arithmetic operations[4];
};

/// The loop for it, which rounds each operation as if it were alone; null for other dtypes than float32 and float64.
/// One that `streams` writes past the caches: `out` has the alignment of blocks, and `finish_streaming` comes before
/// others read it.
map_kernel fused(const fused_work& what, dtype type, bool streams);
/// The same, but where the instruction set can, a product and the sum or difference that uses it round once.
map_kernel contracted(const fused_work& what, dtype type, bool streams);

/// Copies past the caches, to an address with the alignment of blocks.
void stream_copy(const std::byte* from, std::byte* to, std::int64_t size_bytes);

/// Waits until what this thread streamed can be seen by others.
void finish_streaming();

/// to[i * columns + j] = from[j * stride + i], elements of one size, for i < rows and j < columns, multiples of 8.
using transpose_kernel = void (*)(const std::byte* from, std::int64_t stride, std::int64_t rows, std::int64_t columns,
                                  std::byte* to);

/// Null for elements of 16 bytes.
transpose_kernel transpose(std::int64_t item_bytes);

/// out[i] = the combination of rows[0][i] ... rows[7][i], pairwise. `out` may be one of the rows. What will be read
/// next lies `ahead` elements after each row, unless that is 0.
using combine_eight_kernel = void (*)(const std::byte* const* rows, std::byte* out, std::int64_t count,
                                      std::int64_t ahead);

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

/// Loops of argmax and argmin, which know of columns what is best so far and where it was seen. The first of equals is
/// best, and nan is better than numbers.
struct arg_kernels {
  /// Improves `best[j]` and `best_at[j]`, for j < width, by at most `most_rows` rows of candidates: row r begins at
  /// rows[r * step], and what it gives is at `first + r`. What will be read next begins at rows[ahead].
  void (*rows)(const std::byte* rows, std::int64_t row_count, std::int64_t step, std::int64_t ahead, std::int64_t width,
               std::int64_t first, std::byte* best, std::int64_t* best_at);
  /// Improves them by candidates that were seen at positions of their own; of equals the one with the lower is best.
  void (*merge)(const std::byte* candidates, const std::int64_t* at, std::int64_t width, std::byte* best,
                std::int64_t* best_at);
  /// Columns k * width + j, for k < joined, a power of two, are of the rows r * joined + k: makes column j the best of
  /// them, and positions those among these rows.
  void (*part)(std::int64_t joined, std::int64_t width, std::byte* best, std::int64_t* best_at);
  /// best_at[g] = where the best of the `length` elements that begin at in[g * length] is among them, for g < groups.
  void (*groups)(const std::byte* in, std::int64_t groups, std::int64_t length, std::int64_t* best_at);

  /// Row numbers are counted in elements of int8 where candidates are.
  static constexpr std::int64_t most_rows = 128;
};

arg_kernels arg(bool largest, dtype type);

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
/// contiguous, half an L2 cache of 1 MiB (AMD Zen 5, 2026-11). Copied rows are further apart than they are long, so
/// that they do not share few sets of the L1 cache.
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
  map_kernel (*fused)(const fused_work& what, dtype type, bool streams);
  map_kernel (*contracted)(const fused_work& what, dtype type, bool streams);
  void (*stream_copy)(const std::byte* from, std::byte* to, std::int64_t size_bytes);
  void (*finish_streaming)();
  transpose_kernel (*transpose)(std::int64_t item_bytes);
  combine_eight_kernel (*combine_eight)(ops::reduction which, dtype type);
  combine_blocks_kernel (*combine_blocks)(ops::reduction which, dtype type);
  combine_groups_kernel (*combine_groups)(ops::reduction which, dtype type);
  scan_kernel (*scan)(ops::reduction which, dtype type);
  arg_kernels (*arg)(bool largest, dtype type);
  multiply_add_kernel (*multiply_add)(dtype type);
  products_kernel (*products)(dtype type);
};

}  // namespace tandem::backend::kernels
