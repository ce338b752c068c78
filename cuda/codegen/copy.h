#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cuda/codegen/lowered.h"
#include "ops/program.h"

namespace tandem::cuda {

/// The launch that copies elements of 1, 2, 4, 8 or 16 bytes between regions of the same shape, in any layout; of no
/// blocks if there are none.
launch copied(std::int64_t item_bytes, const ops::region& from, const ops::region& to);

/// The launch that writes a number, by its words as `type`, to all elements of a region.
launch filled(const std::vector<word>& number, dtype type, const ops::region& to);

/// The kernel of both.
std::shared_ptr<const kernel> copy_kernel(std::int64_t item_bytes, bool narrow);

}  // namespace tandem::cuda
