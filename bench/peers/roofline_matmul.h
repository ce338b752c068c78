#pragma once

#include <cblas.h>

#include "vectors.h"

// Square row-major products: BLAS, and for sizes where a call costs more than the work, loops whose size the compiler
// knows.
namespace roofline {

inline void multiply_blas(const double* a, const double* b, double* c, int n) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0, a, n, b, n, 0.0, c, n);
}
inline void multiply_blas(const float* a, const float* b, float* c, int n) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0F, a, n, b, n, 0.0F, c, n);
}

/// c = a b with the totals of some rows in registers: at most 16 of them, so that the operands find room, too.
template <int Side, class T>
void multiply_loops(const T* a, const T* b, T* c) {
  constexpr int width = std::min<int>(Side, lanes<T>);
  using part [[gnu::vector_size(width * sizeof(T))]] = T;
  constexpr int parts = Side / width;
  constexpr int rows = std::min(Side, 16 / parts);
  for (int i = 0; i < Side; i += rows) {
    part total[rows][parts] = {};
    for (int k = 0; k < Side; ++k) {
      for (int p = 0; p < parts; ++p) {
        part right;
        std::memcpy(&right, b + k * Side + p * width, sizeof right);
        for (int r = 0; r < rows; ++r) total[r][p] += a[(i + r) * Side + k] * right;
      }
    }
    std::memcpy(c + i * Side, total, sizeof total);
  }
}

template <class T>
using multiply_function = void (*)(const T*, const T*, T*);

/// The loops for a size, or null.
template <class T>
multiply_function<T> loops_for(std::int64_t side) {
  switch (side) {
    case 4: return multiply_loops<4, T>;
    case 8: return multiply_loops<8, T>;
    case 16: return multiply_loops<16, T>;
    case 32: return multiply_loops<32, T>;
    default: return nullptr;
  }
}

}  // namespace roofline
