#pragma once

#include <cstdint>
#include <vector>

#include "cuda/codegen/lowered.h"

// Products as cuBLAS takes them. Nothing here needs CUDA.
namespace tandem::cuda {

/// C = op(A) op(B) for a batch of matrices in cuBLAS's column-major terms: element (i, j) of a matrix that is not
/// transposed is at i + j * ld. A product whose target is row-major is C^T = B^T A^T, so its operands are swapped.
struct gemm {
  struct operand {
    /// Of the first matrix's first element, in elements from the buffer's element 0.
    std::int64_t offset = 0;
    std::int64_t ld = 1;
    bool is_transposed = false;
    /// From one matrix of the batch to the next, in elements.
    std::int64_t batch_stride = 0;
  };
  /// A is the product's y and B its x.
  bool is_swapped = false;
  std::int64_t m = 0, n = 0, k = 0;
  std::int64_t batch = 1;
  operand a, b, c;
};

/// The calls that do a product: one where its batch axes are one axis for all three operands, else one for each index
/// of the others. Products without elements have none. Throws: `std::bad_alloc`.
std::vector<gemm> gemms_of(const product& what);

}  // namespace tandem::cuda
