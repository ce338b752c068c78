#pragma once

#include <cuda_runtime_api.h>

#include <string>

#include "backend/backend.h"
#include "cuda/runtime/gpu.h"

// What CUDA and the system say of a GPU.
namespace tandem::cuda {

/// "GPU-01234567-89ab-...", as NVIDIA's tools write it.
std::string uuid_text(const cudaUUID_t& uuid);

/// Operations per second from clocks and counts of units, the memory's bandwidth from its clock and width, and the
/// link's from what the system says of PCI Express; what neither says is 0, as are all latencies. The GPU must be
/// current. Throws: `device_error`.
backend::hardware_hints hints_of(gpu& which);

}  // namespace tandem::cuda
