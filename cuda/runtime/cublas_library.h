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
  decltype(cublasGetProperty)* property;
};

/// Opens the library at first use. Thread safety: any thread. Throws: `device_error` if it is missing.
const cublas_functions& cublas();
/// Whether `cublas` has opened it. Thread safety: any thread.
bool is_cublas_open() noexcept;

}  // namespace tandem::cuda
