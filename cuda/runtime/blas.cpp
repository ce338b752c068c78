#include "cuda/runtime/blas.h"

#include <fmt/format.h>

#include <complex>

#include <tandem/errors.h>

#include "cuda/runtime/cublas_library.h"
#include "cuda/runtime/process.h"

namespace tandem::cuda {

namespace {

/// A dtype in cuBLAS's terms, with the numbers 1 and 0 in it.
struct element_kind {
  cudaDataType_t type;
  cublasComputeType_t compute;
  const void* one;
  const void* zero;
};

element_kind cublas_kind_of(dtype type) {
  static constexpr float ones32[2]{1, 0};
  static constexpr double ones64[2]{1, 0};
  static constexpr float zeros32[2]{0, 0};
  static constexpr double zeros64[2]{0, 0};
  switch (type) {
    case dtype::float32: return {CUDA_R_32F, CUBLAS_COMPUTE_32F, ones32, zeros32};
    case dtype::float64: return {CUDA_R_64F, CUBLAS_COMPUTE_64F, ones64, zeros64};
    case dtype::complex64: return {CUDA_C_32F, CUBLAS_COMPUTE_32F, ones32, zeros32};
    case dtype::complex128: return {CUDA_C_64F, CUBLAS_COMPUTE_64F, ones64, zeros64};
    default: throw device_error("matmul: cuBLAS was given a dtype that is not a floating-point one");
  }
}

cublasOperation_t operation_of(const gemm::operand& which) noexcept {
  return which.is_transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
}

}  // namespace

blas_handle::blas_handle(gpu& where, cudaStream_t stream) : where_(where) {
  const cublas_functions& library = cublas();
  try {
    where_.check(cudaMalloc(&workspace_, workspace_bytes), "allocate a workspace for cuBLAS");
    check(library.create(&handle_), "start cuBLAS");
    end_before_others();
    check(library.set_stream(handle_, stream), "start cuBLAS");
    // After the stream, which resets it.
    check(library.set_workspace(handle_, workspace_, workspace_bytes), "start cuBLAS");
    // No TF32: float32 products have float32's precision.
    check(library.set_math_mode(handle_, CUBLAS_DEFAULT_MATH), "start cuBLAS");
  } catch (...) {
    if (handle_ != nullptr) library.destroy(handle_);
    cudaFree(workspace_);
    throw;
  }
}

blas_handle::~blas_handle() {
  try {
    const gpu_scope scope(where_, "end cuBLAS");
    // A stream that was lent may be gone.
    cublas().set_stream(handle_, nullptr);
    cublas().destroy(handle_);
    // Waits for work that uses it.
    where_.accept(cudaFree(workspace_), "end cuBLAS");
  } catch (...) {  // nothing can be given back any more
  }
}

void blas_handle::check(int status, const char* operation) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  // An error of the device itself says more than cuBLAS's, which only notices it.
  where_.check(cudaGetLastError(), operation);
  const auto which = static_cast<cublasStatus_t>(status);
  const std::string text = fmt::format("{}: '{}' failed ({}: {})", where_.name(), operation,
                                       cublas().status_name(which), cublas().status_string(which));
  if (which == CUBLAS_STATUS_ALLOC_FAILED) throw out_of_memory(text);
  throw device_error(text);
}

void blas_handle::multiply(const gemm& what, dtype type, const std::byte* x, const std::byte* y, std::byte* target) {
  const element_kind kind = cublas_kind_of(type);
  const std::int64_t item = item_size(type);
  const std::byte* const a = (what.is_swapped ? y : x) + what.a.offset * item;
  const std::byte* const b = (what.is_swapped ? x : y) + what.b.offset * item;
  std::byte* const c = target + what.c.offset * item;
  const cublasOperation_t op_a = operation_of(what.a);
  const cublasOperation_t op_b = operation_of(what.b);
  const std::lock_guard lock(guard_);
  if (what.batch == 1) {
    check(cublas().gemm(handle_, op_a, op_b, what.m, what.n, what.k, kind.one, a, kind.type, what.a.ld, b, kind.type,
                        what.b.ld, kind.zero, c, kind.type, what.c.ld, kind.compute, CUBLAS_GEMM_DEFAULT),
          "matmul");
    return;
  }
  check(cublas().gemm_batched(handle_, op_a, op_b, what.m, what.n, what.k, kind.one, a, kind.type, what.a.ld,
                              what.a.batch_stride, b, kind.type, what.b.ld, what.b.batch_stride, kind.zero, c,
                              kind.type, what.c.ld, what.c.batch_stride, what.batch, kind.compute, CUBLAS_GEMM_DEFAULT),
        "matmul");
}

}  // namespace tandem::cuda
