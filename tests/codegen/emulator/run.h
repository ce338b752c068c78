#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codegen/emulator/kernels.h"
#include "codegen/emulator/launch.h"
#include "cuda/codegen/lowered.h"

namespace tandem::testing {

struct emulated_run {
  emulated_order order = emulated_order::forward;
  /// Of launches whose kernel strides by the grid.
  std::int64_t most_blocks = 1 << 20;
};

/// Runs all steps. `buffers` has the address of element 0 of each buffer of the program, null for temporaries, which
/// are made here, each for the steps that it is said to live; `numbers` are the program's.
/// Throws: `std::runtime_error` if a step names a buffer that does not live, or does what `launch_on_host` forbids, or
/// writes beside a temporary.
void run_lowered(const cuda::lowered_program& what, const host_kernels& kernels, std::span<std::byte* const> buffers,
                 std::span<const scalar> numbers = {}, const emulated_run& how = {});

}  // namespace tandem::testing
