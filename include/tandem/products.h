#pragma once

#include <cstdint>

#include <tandem/dims.h>
#include <tandem/export.h>
#include <tandem/expr.h>

namespace tandem {

// What all functions here share: operands are promoted to one dtype (scalars are not accepted), integers and booleans
// multiply and wrap in that dtype. Strided and transposed operands are read in place or packed in bounded blocks.
// Matrices of float32 and float64 are multiplied with one rounding for a multiplication and its addition where the
// instruction set can (AVX2, AVX-512), else with two. Results have the same bits for every number of workers. Deferred.
// Thread safety: any thread.

/// Matrix product over the last two axes, the others broadcast: (..., m, k), (..., k, n) -> (..., m, n). An operand of
/// one axis is a row on the left and a column on the right, and that axis is dropped from the result.
/// Throws: `shape_error` if the inner extents differ, the others do not broadcast, or an operand has no axis.
TANDEM_API expr matmul(const expr& x, const expr& y);
/// Sum of products over axes: the last `count` axes of `x` with the first `count` of `y`.
TANDEM_API expr tensordot(const expr& x, const expr& y, std::int64_t count = 2);
/// Sum of products over the given pairs of axes. Throws: `shape_error` if their extents differ, `index_error`.
TANDEM_API expr tensordot(const expr& x, const expr& y, const dims& x_axes, const dims& y_axes);
/// Sum of conj(x) * y over an axis, the others broadcast. It is a reduction.
TANDEM_API expr vecdot(const expr& x, const expr& y, std::int64_t axis = -1);

}  // namespace tandem
