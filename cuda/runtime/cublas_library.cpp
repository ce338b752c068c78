#include "cuda/runtime/cublas_library.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include "cuda/runtime/shared_library.h"

namespace tandem::cuda {

namespace {

cublas_functions open() {
  const shared_library library(fmt::format("libcublas.so.{}", CUDART_VERSION / 1000));
  cublas_functions found{};
  library.find(found.create, "cublasCreate_v2");
  library.find(found.destroy, "cublasDestroy_v2");
  library.find(found.set_stream, "cublasSetStream_v2");
  library.find(found.set_workspace, "cublasSetWorkspace_v2");
  library.find(found.set_math_mode, "cublasSetMathMode");
  library.find(found.status_name, "cublasGetStatusName");
  library.find(found.status_string, "cublasGetStatusString");
  library.find(found.gemm, "cublasGemmEx_64");
  library.find(found.gemm_batched, "cublasGemmStridedBatchedEx_64");
  return found;
}

}  // namespace

const cublas_functions& cublas() {
  static const cublas_functions opened = open();
  return opened;
}

}  // namespace tandem::cuda
