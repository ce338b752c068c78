#pragma once

#include <cstdint>
#include <span>

#include <tandem/dtype.h>

#include "cuda/codegen/lowered.h"
#include "ops/program.h"

namespace tandem::cuda {

/// The launch that writes a chain's values to a target of its shape; of no blocks if there are no elements. The chain
/// must fit in a kernel (split.h).
launch elementwise(const ops::fused_chain& chain, const ops::region& target);

/// Instructions of the GPU that an operation is about, in units of one addition of float32.
std::int64_t cost_of(const ops::instruction& code) noexcept;

/// How many elements a thread computes from one access of each operand, and how many such runs it has under way, so
/// that memory is busy and neither registers nor the text's size explode. Of a kernel's own: it never changes bits.
struct run_sizes {
  int count = 1;
  int unroll = 1;
  int unroll_of_one = 1;
};

/// `accessed` are the dtypes of the target and of the operands whose runs are accessed at once.
run_sizes run_sizes_of(const ops::fused_chain& chain, std::span<const dtype> accessed);

/// Number of blocks for this many elements.
std::int64_t elementwise_blocks(std::int64_t size, int count, int unroll) noexcept;

}  // namespace tandem::cuda
