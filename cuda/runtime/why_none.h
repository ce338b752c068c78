#pragma once

#include <cuda_runtime_api.h>

#include <string>

namespace tandem::cuda {

/// Why no GPU can be used, for a user who may not know CUDA: `status` is what counting devices gave, `driver` and
/// `runtime` are CUDA's numbers for the newest version that the driver supports (0 without a driver) and for the one
/// that the module was built with; `visible` is the value of CUDA_VISIBLE_DEVICES, or null.
std::string why_none(cudaError_t status, int count, int driver, int runtime, const char* visible);

}  // namespace tandem::cuda
