#pragma once

#include <tandem/dims.h>

#include "cuda/codegen/lower_stage.h"
#include "ops/program.h"

namespace tandem::cuda {

/// The most that goes into one kernel. Long chains gain little from being longer: their intermediate results cost a
/// write and a read for every 64 instructions. NVRTC's time grows with their cost: 64 sines of complex numbers take it
/// 8 s, as many as there may be less than half a second (13.0, AMD Zen 5). Registers grow with the operands.
inline constexpr int most_instructions = 64;
inline constexpr int most_cost = 400;
inline constexpr int most_operands = 24;
/// 4 KiB, what parameters of a kernel may have on every GPU.
inline constexpr int most_words = 512;

/// The chain if it fits in a kernel, else one that does and computes the same from temporaries, whose kernels are
/// appended. Temporaries lie in the order of axes given (slowest first). A kernel may need `other_words` beside the
/// chain's, one space over the sources and a target, and their addresses. Takes time in proportion to the chain.
ops::fused_chain fitted(lowering& into, const ops::fused_chain& chain, const dims& order, int other_words);

}  // namespace tandem::cuda
