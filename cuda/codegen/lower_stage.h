#pragma once

#include <cstdint>

#include "cuda/codegen/lowered.h"
#include "ops/program.h"

// Lowering stage by stage: lower_KIND.cpp has the function of each kind.
namespace tandem::cuda {

/// A lowered program in the making.
class lowering {
 public:
  lowering(const ops::program& what, granularity grain);

  const ops::program& program() const noexcept { return *program_; }
  granularity grain() const noexcept { return grain_; }

  /// A new temporary, which lives from the first to the last step that touches it.
  int temporary(std::int64_t size_bytes);

  /// What is appended from now on is a part of that stage.
  void begin_stage(int number) noexcept { stage_ = number; }
  /// Appends a step. A launch of no blocks is not one.
  void add(launch made);
  void add(product made);

  /// What was made. Only once.
  lowered_program finish();

 private:
  const ops::program* program_;
  granularity grain_;
  lowered_program made_;
  int stage_ = 0;

  void touch(int buffer);
};

void lower_stage(lowering& into, const ops::elementwise_stage& what);
void lower_stage(lowering& into, const ops::reduce_stage& what);
void lower_stage(lowering& into, const ops::arg_stage& what);
void lower_stage(lowering& into, const ops::scan_stage& what);
void lower_stage(lowering& into, const ops::matmul_stage& what);
void lower_stage(lowering& into, const ops::repeat_stage& what);

}  // namespace tandem::cuda
