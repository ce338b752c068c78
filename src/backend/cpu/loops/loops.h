#pragma once

#include "backend/cpu/loops/isa.h"

// What each file of loops gives to the set of its instruction set.
namespace tandem::backend::kernels::TANDEM_ISA {

// Null where the row's kinds lack the dtype.
map_kernel map_integers(ops::op which, dtype type);
map_kernel map_floats(ops::op which, dtype type);
map_kernel map_complex(ops::op which, dtype type);

/// The loops of floats that have one in vector_math.cpp; null for other operations.
map_kernel vector_math(ops::op which, dtype type);

map_kernel convert(dtype from, dtype to);
map_kernel fused(const fused_work& what, dtype type, bool streams);
map_kernel contracted(const fused_work& what, dtype type, bool streams);
void stream_copy(const std::byte* from, std::byte* to, std::int64_t size_bytes);
void finish_streaming();
transpose_kernel transpose(std::int64_t item_bytes);
combine_eight_kernel combine_eight(ops::reduction which, dtype type);
combine_blocks_kernel combine_blocks(ops::reduction which, dtype type);
combine_groups_kernel combine_groups(ops::reduction which, dtype type);
scan_kernel scan(ops::reduction which, dtype type);
arg_kernels arg(bool largest, dtype type);
multiply_add_kernel multiply_add(dtype type);
products_kernel products(dtype type);

}  // namespace tandem::backend::kernels::TANDEM_ISA
