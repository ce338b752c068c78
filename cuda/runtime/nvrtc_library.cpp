#include "cuda/runtime/nvrtc_library.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include "cuda/runtime/process.h"
#include "cuda/runtime/shared_library.h"

namespace tandem::cuda {

namespace {

nvrtc_functions open() {
  const shared_library library(fmt::format("libnvrtc.so.{}", CUDART_VERSION / 1000));
  nvrtc_functions found{};
  library.find(found.version, "nvrtcVersion");
  library.find(found.error_string, "nvrtcGetErrorString");
  library.find(found.supported_count, "nvrtcGetNumSupportedArchs");
  library.find(found.supported, "nvrtcGetSupportedArchs");
  library.find(found.create, "nvrtcCreateProgram");
  library.find(found.destroy, "nvrtcDestroyProgram");
  library.find(found.compile, "nvrtcCompileProgram");
  library.find(found.log_size, "nvrtcGetProgramLogSize");
  library.find(found.log, "nvrtcGetProgramLog");
  library.find(found.cubin_size, "nvrtcGetCUBINSize");
  library.find(found.cubin, "nvrtcGetCUBIN");
  library.find(found.ptx_size, "nvrtcGetPTXSize");
  library.find(found.ptx, "nvrtcGetPTX");
  end_before_others();
  return found;
}

}  // namespace

const nvrtc_functions& nvrtc() {
  static const nvrtc_functions opened = open();
  return opened;
}

}  // namespace tandem::cuda
