#pragma once

#include <vector>

#include "backend/cpu/kernels.h"
#include "ops/program.h"

// What the CPU does for a chain's instructions: loops over tiles, some for several instructions at once.
namespace tandem::backend {

/// One loop over the registers that it reads and the one that it writes.
struct step {
  static constexpr int most_operands = 5;

  kernels::map_kernel kernel;
  /// The same past the caches; null if there is none.
  kernels::map_kernel streaming;
  int operands[most_operands];
  int arity;
  int result;
};

/// Loops that together do what the chain's instructions do. Sums, differences and products of floats whose result is
/// read once, by the next of them, go into its loop, where they stay in vector registers.
std::vector<step> steps_of(const ops::fused_chain& chain);

}  // namespace tandem::backend
