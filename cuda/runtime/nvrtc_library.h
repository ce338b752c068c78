#pragma once

#include <nvrtc.h>

namespace tandem::cuda {

/// What we call of NVRTC, NVIDIA's run-time compiler.
struct nvrtc_functions {
  decltype(nvrtcVersion)* version;
  decltype(nvrtcGetErrorString)* error_string;
  decltype(nvrtcGetNumSupportedArchs)* supported_count;
  decltype(nvrtcGetSupportedArchs)* supported;
  decltype(nvrtcCreateProgram)* create;
  decltype(nvrtcDestroyProgram)* destroy;
  decltype(nvrtcCompileProgram)* compile;
  decltype(nvrtcGetProgramLogSize)* log_size;
  decltype(nvrtcGetProgramLog)* log;
  decltype(nvrtcGetCUBINSize)* cubin_size;
  decltype(nvrtcGetCUBIN)* cubin;
  decltype(nvrtcGetPTXSize)* ptx_size;
  decltype(nvrtcGetPTX)* ptx;
};

/// Opens the library at first use. Thread safety: any thread. Throws: `device_error` if it is missing.
const nvrtc_functions& nvrtc();

}  // namespace tandem::cuda
