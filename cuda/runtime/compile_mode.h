#pragma once

#include <cstdint>

namespace tandem::cuda {

/// What happens to a program whose fused kernels have not been compiled.
enum class compile_mode : std::uint8_t {
  background,  ///< They are, beside the work; meanwhile kernels of one operation do it, with the same bits.
  wait,        ///< They are first, by the thread that wants to run the program.
};

/// The mode by its name, "background" or "wait"; null is the former.
/// Throws: `policy_error` for any other.
compile_mode compile_mode_of(const char* name);

/// What TANDEM_CUDA_COMPILE says, as it was when this was first called. Thread safety: any thread.
/// Throws: `policy_error`.
compile_mode compile_mode_of_process();

}  // namespace tandem::cuda
