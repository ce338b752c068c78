#pragma once

#include <cuda_runtime_api.h>

#include <string>

// How CUDA's errors read.
namespace tandem::cuda {

/// "cudaErrorInvalidValue: invalid argument". Thread safety: any thread.
std::string describe(cudaError_t status);

/// Whether the device's context is lost with this error: every later call on that device in this process fails.
bool is_sticky(cudaError_t status) noexcept;

/// "13.0" of CUDA's number 13000.
std::string version_text(int version);

}  // namespace tandem::cuda
