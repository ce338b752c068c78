#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <mutex>

#include <tandem/dtype.h>

#include "cuda/runtime/gemm.h"
#include "cuda/runtime/gpu.h"

struct cublasContext;

namespace tandem::cuda {

/// cuBLAS on one stream, with a workspace of its own, so that a product has the same bits each time and allocates
/// nothing. Thread safety: any thread.
class blas_handle {
 public:
  /// Bytes of the workspace: what NVIDIA recommends for Hopper (32 MiB), and more than what other architectures need.
  static constexpr std::size_t workspace_bytes = std::size_t{32} << 20;

  /// The GPU must be current. Throws: `device_error`, `out_of_memory`.
  blas_handle(gpu& where, cudaStream_t stream);
  blas_handle(const blas_handle&) = delete;
  blas_handle& operator=(const blas_handle&) = delete;
  ~blas_handle();

  /// Gives a product to the stream: float32, float64, complex64 or complex128, computed in that precision. Addresses
  /// are those of the buffers' elements 0 of the product's x, y and target. The GPU must be current.
  /// Throws: `device_error`, `out_of_memory`.
  void multiply(const gemm& what, dtype type, const std::byte* x, const std::byte* y, std::byte* target);

 private:
  void check(int status, const char* operation);

  gpu& where_;
  std::mutex guard_;
  cublasContext* handle_ = nullptr;
  void* workspace_ = nullptr;
};

}  // namespace tandem::cuda
