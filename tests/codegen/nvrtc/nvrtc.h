#pragma once

#include <string>

// NVRTC, if this machine has it: kernels are compiled for GPUs without one.
namespace tandem::cuda {

/// Why NVRTC cannot be used here; empty if it can.
std::string why_no_nvrtc();

/// What NVRTC says of a text compiled to machine code of an architecture ("sm_90"), as the library compiles it; empty
/// if it says nothing. Warnings count.
std::string complaints(const std::string& text, const std::string& architecture);

}  // namespace tandem::cuda
