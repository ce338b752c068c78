#pragma once

#include <cublas_v2.h>

namespace tandem::cuda {

/// What we call of cuBLAS.
struct cublas_functions {
  decltype(cublasCreate_v2)* create;
  decltype(cublasDestroy_v2)* destroy;
  decltype(cublasSetStream_v2)* set_stream;
  decltype(cublasSetWorkspace_v2)* set_workspace;
  decltype(cublasSetMathMode)* set_math_mode;
  decltype(cublasGetStatusName)* status_name;
  decltype(cublasGetStatusString)* status_string;
  decltype(cublasGemmEx_64)* gemm;
  decltype(cublasGemmStridedBatchedEx_64)* gemm_batched;
};

/// Opens the library at first use. Thread safety: any thread. Throws: `device_error` if it is missing.
const cublas_functions& cublas();

}  // namespace tandem::cuda
