#pragma once

#include <algorithm>
#include <climits>
#include <cstdint>

#include "backend/cpu/stages.h"
#include "core/layout.h"

// What the ways of multiplying matrices share: matrices in memory, and the batch of them that a stage is.
namespace tandem::backend {

// A matrix in memory: element (i, j) at data + i * row_stride + j * column_stride.
template <class T>
struct matrix {
  T* data;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t row_stride;
  std::int64_t column_stride;

  matrix transposed() const { return {data, columns, rows, column_stride, row_stride}; }
  matrix block(std::int64_t row, std::int64_t column, std::int64_t row_count, std::int64_t column_count) const {
    return {data + row * row_stride + column * column_stride, row_count, column_count, row_stride, column_stride};
  }
  // Whether BLAS can take it row-major: rows of neighbours, each row behind the one before. Strides of axes of extent 1
  // do not matter.
  bool is_row_major() const {
    return (columns == 1 || column_stride == 1) && (rows == 1 || row_stride >= std::max<std::int64_t>(columns, 1)) &&
           leading() <= INT_MAX;
  }
  std::int64_t leading() const { return rows == 1 ? std::max<std::int64_t>(columns, 1) : row_stride; }
};

// The matrices of a stage: the last two axes, for each index of the others.
struct batch {
  const ops::matmul_stage& stage;
  const stage_context& context;
  dims shape;
  std::int64_t size;

  batch(const ops::matmul_stage& stage_, const stage_context& context_)
      : stage(stage_), context(context_), shape(stage_.target.at.shape), size(1) {
    shape.erase(shape.size() - 1);
    shape.erase(shape.size() - 1);
    size = core::size_of(shape);
  }

  // Offset of the first element of a matrix, in elements.
  std::int64_t offset(const ops::region& of, std::int64_t number) const {
    std::int64_t result = of.at.offset;
    for (int i = shape.size() - 1; i >= 0; --i) {
      result += number % shape[i] * of.at.strides[i];
      number /= shape[i];
    }
    return result;
  }

  template <class T>
  matrix<T> at(const ops::region& of, std::int64_t number) const {
    const int rank = of.at.shape.size();
    T* const base = reinterpret_cast<T*>(context.data(of));
    return {base + offset(of, number), of.at.shape[rank - 2], of.at.shape[rank - 1], of.at.strides[rank - 2],
            of.at.strides[rank - 1]};
  }
};

/// float32 and float64, by loops of ours.
template <class T>
void real_products(const batch& all);

/// The four floating-point types, by OpenBLAS.
template <class T>
void blas_products(const batch& all);

/// Integers and booleans, by loops of ours.
void integer_products(const batch& all);

}  // namespace tandem::backend
