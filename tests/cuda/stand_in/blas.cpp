#include <gtest/gtest.h>

#include <complex>
#include <cstdint>

#include "cuda/runtime/cublas_library.h"
#include "cuda/stand_in/gpu.h"
#include "cuda/stand_in/state.h"

// cuBLAS by its definition.

struct cublasContext {
  cudaStream_t stream = nullptr;
};

namespace tandem::testing::stand_in {

namespace {

struct matrices {
  const void* first;
  std::int64_t ld;
  std::int64_t batch_stride;
  bool is_transposed;

  std::int64_t at(std::int64_t batch, std::int64_t i, std::int64_t j) const {
    return batch * batch_stride + (is_transposed ? j + i * ld : i + j * ld);
  }
};

template <class Element, class Wide>
void multiply(std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t batches, const matrices& a,
              const matrices& b, const matrices& c) {
  const auto* const from_a = static_cast<const Element*>(a.first);
  const auto* const from_b = static_cast<const Element*>(b.first);
  auto* const to = static_cast<Element*>(const_cast<void*>(c.first));
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        Wide sum{};
        for (std::int64_t l = 0; l < k; ++l) sum += Wide(from_a[a.at(batch, i, l)]) * Wide(from_b[b.at(batch, l, j)]);
        to[c.at(batch, i, j)] = static_cast<Element>(sum);
      }
    }
  }
}

cublasStatus_t create(cublasHandle_t* handle) {
  const call this_call("cublasCreate");
  if (this_call.failure() != cudaSuccess) return CUBLAS_STATUS_NOT_INITIALIZED;
  *handle = new cublasContext;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t destroy(cublasHandle_t handle) {
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t set_stream(cublasHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t set_workspace(cublasHandle_t handle, void* workspace, size_t) {
  EXPECT_NE(workspace, nullptr);
  EXPECT_NE(handle->stream, nullptr) << "setting a stream drops the workspace";
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t set_math_mode(cublasHandle_t, cublasMath_t mode) {
  EXPECT_EQ(mode, CUBLAS_DEFAULT_MATH);
  return CUBLAS_STATUS_SUCCESS;
}

const char* status_name(cublasStatus_t) { return "CUBLAS_STATUS"; }
const char* status_string(cublasStatus_t) { return "a text of the stand-in"; }

cublasStatus_t gemm_batched(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, std::int64_t m,
                            std::int64_t n, std::int64_t k, const void*, const void* a, cudaDataType type_a,
                            std::int64_t lda, long long stride_a, const void* b, cudaDataType type_b, std::int64_t ldb,
                            long long stride_b, const void*, void* c, cudaDataType type_c, std::int64_t ldc,
                            long long stride_c, std::int64_t batches, cublasComputeType_t, cublasGemmAlgo_t) {
  const call this_call("cublasGemm");
  if (this_call.failure() != cudaSuccess) return CUBLAS_STATUS_EXECUTION_FAILED;
  EXPECT_EQ(type_a, type_b);
  EXPECT_EQ(type_a, type_c);
  const matrices from_a{a, lda, stride_a, op_a != CUBLAS_OP_N};
  const matrices from_b{b, ldb, stride_b, op_b != CUBLAS_OP_N};
  const matrices to{c, ldc, stride_c, false};
  if (lda < (from_a.is_transposed ? k : m) || ldb < (from_b.is_transposed ? n : k) || ldc < m || lda < 1 || ldb < 1 ||
      ldc < 1) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  give(resolve(handle->stream), [=] {
    switch (type_a) {
      case CUDA_R_32F: return multiply<float, double>(m, n, k, batches, from_a, from_b, to);
      case CUDA_R_64F: return multiply<double, long double>(m, n, k, batches, from_a, from_b, to);
      case CUDA_C_32F: return multiply<std::complex<float>, std::complex<double>>(m, n, k, batches, from_a, from_b, to);
      case CUDA_C_64F:
        return multiply<std::complex<double>, std::complex<long double>>(m, n, k, batches, from_a, from_b, to);
      default: FAIL() << "a type that has no product";
    }
  });
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t gemm(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, std::int64_t m,
                    std::int64_t n, std::int64_t k, const void* alpha, const void* a, cudaDataType type_a,
                    std::int64_t lda, const void* b, cudaDataType type_b, std::int64_t ldb, const void* beta, void* c,
                    cudaDataType type_c, std::int64_t ldc, cublasComputeType_t compute, cublasGemmAlgo_t algorithm) {
  return gemm_batched(handle, op_a, op_b, m, n, k, alpha, a, type_a, lda, 0, b, type_b, ldb, 0, beta, c, type_c, ldc, 0,
                      1, compute, algorithm);
}

}  // namespace

}  // namespace tandem::testing::stand_in

namespace tandem::cuda {

const cublas_functions& cublas() {
  using namespace tandem::testing::stand_in;
  static const cublas_functions made{create,      destroy,       set_stream, set_workspace, set_math_mode,
                                     status_name, status_string, gemm,       gemm_batched};
  return made;
}

}  // namespace tandem::cuda
