#pragma once

#include <cstdint>

#include <tandem/dtype.h>

#include "ops/program.h"

// What a stage costs wherever it runs, for those who predict times.
namespace tandem::ops {

/// The arithmetic of a stage and the memory that it touches. Numbers that do not fit in 63 bits are the largest that
/// do.
struct stage_work {
  /// Operations on real numbers, by the rows of the operations. A complex operation counts as four, a conversion as
  /// one, a multiplication with its addition in a product of matrices as two.
  std::int64_t flops;
  /// Bytes of distinct elements that are read and written: what a broadcast operand repeats counts once.
  std::int64_t bytes;
  /// The dtype that most of the operations are done in.
  dtype type;
};

stage_work work_of(const stage& of) noexcept;

}  // namespace tandem::ops
