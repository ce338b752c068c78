#pragma once

#include <cstdint>
#include <memory>

#include <tandem/dims.h>

#include "cuda/codegen/lower_stage.h"
#include "cuda/codegen/lowered.h"
#include "ops/program.h"

// One operation a kernel, of those that are compiled with the library. Operands are made to lie one after the other
// first, and intermediate results do.
namespace tandem::cuda {

/// Writes a chain's values to a target of its shape.
void lower_singly(lowering& into, const ops::fused_chain& chain, const ops::region& target);

/// The chain's values, one after the other in the order of axes given (slowest first): in a temporary, or where a
/// source lies that is just that.
ops::region materialized(lowering& into, const ops::fused_chain& chain, const dims& order);

/// The kernel of one operation or conversion over neighbouring elements; of the instruction, what it is and its dtypes
/// count.
std::shared_ptr<const kernel> single_kernel(const ops::instruction& code);

/// A layout without gaps whose axes lie in this order.
detail::layout dense(const dims& shape, const dims& order);

}  // namespace tandem::cuda
