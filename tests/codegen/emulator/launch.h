#pragma once

#include <cstdint>

#include "codegen/emulator/kernels.h"

namespace tandem::testing {

/// In which order things happen that a GPU does at once.
enum class emulated_order : std::uint8_t { forward, backward, shuffled };

/// Runs the blocks one after the other. The threads of a block run in turn, each up to its next barrier.
/// Throws: `std::runtime_error` if threads of a block meet at different barriers, or some end where others wait.
void launch_on_host(const host_kernel& kernel, const void* words, int threads, std::int64_t blocks,
                    emulated_order order);

}  // namespace tandem::testing
