#pragma once

#include <cstddef>
#include <cstdint>

#include <tandem/dtype.h>

#include "ops/op.h"

// The loops over contiguous elements that everything else on the CPU is made of, one for each operation and dtype.
namespace tandem::backend::kernels {

/// out[i] = f(in[0][i], in[1][i], ...). `out` may be one of the inputs, but must not overlap one otherwise.
using map_kernel = void (*)(const std::byte* const* in, std::byte* out, std::int64_t count);

/// The loop of an operation for operands of dtype `type`. The row's kinds must have it.
map_kernel map(ops::op which, dtype type);

/// The loop that converts elements.
map_kernel convert(dtype from, dtype to);

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

// The parts of the table, each compiled on its own. Null where the row's kinds lack the dtype.
map_kernel map_integers(ops::op which, dtype type);
map_kernel map_floats(ops::op which, dtype type);
map_kernel map_complex(ops::op which, dtype type);

}  // namespace tandem::backend::kernels
