#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cuda/codegen/lowered.h"
#include "ops/program.h"

// Kernels that are compiled with the library, so that a program runs at once where compiling its own kernels would take
// longer than running it.
namespace tandem::cuda {

using kernels = std::vector<std::shared_ptr<const kernel>>;

/// All kernels that `granularity::single` uses, in an order that stays the same.
kernels ready_kernels();

/// Every operation with every dtype that it takes, and every conversion from one dtype to another; they have no
/// registers.
std::vector<ops::instruction> ready_instructions();

/// Appends the kernels of reductions, searches, scans, repetitions and products of integers that are not in the list
/// yet, for arrays whose offsets fit in 32 bits.
void append_ready_rows(kernels& to);

/// Their texts as `parts` translation units, each of about the same work for a compiler.
std::vector<std::string> in_parts(const kernels& what, int parts);

}  // namespace tandem::cuda
