#include <cblas.h>

#include <algorithm>
#include <climits>
#include <complex>
#include <vector>

#include "backend/cpu/stages.h"
#include "backend/cpu/tiles.h"
#include "core/element.h"
#include "core/strided.h"
#include "runtime/workers.h"

namespace tandem::backend {

namespace {

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

// One typed face for the four products, row-major.
void gemm(CBLAS_TRANSPOSE tx, CBLAS_TRANSPOSE ty, int m, int n, int k, const float* x, int ldx, const float* y, int ldy,
          float beta, float* z, int ldz) {
  cblas_sgemm(CblasRowMajor, tx, ty, m, n, k, 1.0F, x, ldx, y, ldy, beta, z, ldz);
}
void gemm(CBLAS_TRANSPOSE tx, CBLAS_TRANSPOSE ty, int m, int n, int k, const double* x, int ldx, const double* y,
          int ldy, double beta, double* z, int ldz) {
  cblas_dgemm(CblasRowMajor, tx, ty, m, n, k, 1.0, x, ldx, y, ldy, beta, z, ldz);
}
void gemm(CBLAS_TRANSPOSE tx, CBLAS_TRANSPOSE ty, int m, int n, int k, const std::complex<float>* x, int ldx,
          const std::complex<float>* y, int ldy, std::complex<float> beta, std::complex<float>* z, int ldz) {
  const std::complex<float> one = 1;
  cblas_cgemm(CblasRowMajor, tx, ty, m, n, k, &one, x, ldx, y, ldy, &beta, z, ldz);
}
void gemm(CBLAS_TRANSPOSE tx, CBLAS_TRANSPOSE ty, int m, int n, int k, const std::complex<double>* x, int ldx,
          const std::complex<double>* y, int ldy, std::complex<double> beta, std::complex<double>* z, int ldz) {
  const std::complex<double> one = 1;
  cblas_zgemm(CblasRowMajor, tx, ty, m, n, k, &one, x, ldx, y, ldy, &beta, z, ldz);
}

// Matrix times vector, z = x v; half the time of a product with one column (OpenBLAS 0.3.21).
void gemv(CBLAS_TRANSPOSE tx, int m, int n, const float* x, int ldx, const float* v, int inc, float* z, int incz) {
  cblas_sgemv(CblasRowMajor, tx, m, n, 1.0F, x, ldx, v, inc, 0.0F, z, incz);
}
void gemv(CBLAS_TRANSPOSE tx, int m, int n, const double* x, int ldx, const double* v, int inc, double* z, int incz) {
  cblas_dgemv(CblasRowMajor, tx, m, n, 1.0, x, ldx, v, inc, 0.0, z, incz);
}
void gemv(CBLAS_TRANSPOSE tx, int m, int n, const std::complex<float>* x, int ldx, const std::complex<float>* v,
          int inc, std::complex<float>* z, int incz) {
  const std::complex<float> one = 1;
  const std::complex<float> zero = 0;
  cblas_cgemv(CblasRowMajor, tx, m, n, &one, x, ldx, v, inc, &zero, z, incz);
}
void gemv(CBLAS_TRANSPOSE tx, int m, int n, const std::complex<double>* x, int ldx, const std::complex<double>* v,
          int inc, std::complex<double>* z, int incz) {
  const std::complex<double> one = 1;
  const std::complex<double> zero = 0;
  cblas_zgemv(CblasRowMajor, tx, m, n, &one, x, ldx, v, inc, &zero, z, incz);
}

bool fits_int(std::int64_t value) { return value <= INT_MAX; }

// An operand as BLAS takes it, if it can.
template <class T>
struct blas_operand {
  bool usable;
  CBLAS_TRANSPOSE transpose;
  int leading;

  explicit blas_operand(const matrix<T>& of) {
    const bool straight = of.is_row_major();
    usable = straight || of.transposed().is_row_major();
    transpose = straight ? CblasNoTrans : CblasTrans;
    leading = usable ? static_cast<int>(straight ? of.leading() : of.transposed().leading()) : 0;
  }
};

// Side of the blocks that operands BLAS cannot take are packed into, and of blocks of results it cannot write: 2 MiB
// each for float64.
constexpr std::int64_t block_side = 512;

template <class T>
class product {
 public:
  product(const matrix<T>& x, const matrix<T>& y, const matrix<T>& z) : direct_(is_direct(x, y, z)) {}

  static std::int64_t scratch_bytes(const matrix<T>& x, const matrix<T>& y, const matrix<T>& z) {
    if (is_direct(x, y, z)) return 0;
    return (spare_elements(x) + spare_elements(y) + spare_elements(z)) * static_cast<std::int64_t>(sizeof(T));
  }

  // z = x y
  void run(matrix<T> x, matrix<T> y, matrix<T> z, std::byte* spare) const {
    if (!z.is_row_major() && z.transposed().is_row_major()) {
      // z^T = y^T x^T
      const matrix<T> left = y.transposed();
      y = x.transposed();
      x = left;
      z = z.transposed();
    }
    if (direct_) {
      whole(x, y, z);
    } else {
      by_blocks(x, y, z, reinterpret_cast<T*>(spare));
    }
  }

 private:
  static bool is_direct(const matrix<T>& x, const matrix<T>& y, const matrix<T>& z) {
    const bool sizes_fit = fits_int(z.rows) && fits_int(z.columns) && fits_int(x.columns);
    return sizes_fit && blas_operand<T>(x).usable && blas_operand<T>(y).usable && blas_operand<T>(z).usable;
  }

  // Room for a block of the matrix, if BLAS cannot take it as it is; it then takes all blocks of it.
  static std::int64_t spare_elements(const matrix<T>& of) {
    return blas_operand<T>(of).usable ? 0 : std::min(block_side, of.rows) * std::min(block_side, of.columns);
  }

  static void whole(const matrix<T>& x, const matrix<T>& y, const matrix<T>& z) {
    const blas_operand<T> left(x);
    const blas_operand<T> right(y);
    const int m = static_cast<int>(z.rows);
    const int n = static_cast<int>(z.columns);
    const int k = static_cast<int>(x.columns);
    const auto step = [](std::int64_t extent, std::int64_t stride) { return extent == 1 ? 1 : stride; };
    if (n == 1 && is_step(step(y.rows, y.row_stride)) && is_step(step(z.rows, z.row_stride))) {
      const bool straight = left.transpose == CblasNoTrans;
      gemv(left.transpose, straight ? m : k, straight ? k : m, x.data, left.leading, y.data,
           static_cast<int>(step(y.rows, y.row_stride)), z.data, static_cast<int>(step(z.rows, z.row_stride)));
    } else if (m == 1 && is_step(step(x.columns, x.column_stride)) && is_step(step(z.columns, z.column_stride))) {
      const bool straight = right.transpose == CblasNoTrans;  // z^T = y^T x^T
      gemv(straight ? CblasTrans : CblasNoTrans, straight ? k : n, straight ? n : k, y.data, right.leading, x.data,
           static_cast<int>(step(x.columns, x.column_stride)), z.data,
           static_cast<int>(step(z.columns, z.column_stride)));
    } else {
      gemm(left.transpose, right.transpose, m, n, k, x.data, left.leading, y.data, right.leading, T(0), z.data,
           static_cast<int>(z.leading()));
    }
  }

  static bool is_step(std::int64_t stride) { return stride >= 1 && stride <= INT_MAX; }

  static void by_blocks(const matrix<T>& x, const matrix<T>& y, const matrix<T>& z, T* spare) {
    T* const spare_left = spare + spare_elements(z);
    T* const spare_right = spare_left + spare_elements(x);
    for (std::int64_t i = 0; i < z.rows; i += block_side) {
      const std::int64_t m = std::min(block_side, z.rows - i);
      for (std::int64_t j = 0; j < z.columns; j += block_side) {
        const std::int64_t n = std::min(block_side, z.columns - j);
        const matrix<T> part = z.block(i, j, m, n);
        const bool in_place = part.is_row_major();
        const matrix<T> sum = in_place ? part : matrix<T>{spare, m, n, n, 1};
        for (std::int64_t l = 0; l < x.columns; l += block_side) {
          const std::int64_t k = std::min(block_side, x.columns - l);
          const matrix<T> left = packed(x.block(i, l, m, k), spare_left);
          const matrix<T> right = packed(y.block(l, j, k, n), spare_right);
          const blas_operand<T> left_blas(left);
          const blas_operand<T> right_blas(right);
          gemm(left_blas.transpose, right_blas.transpose, static_cast<int>(m), static_cast<int>(n), static_cast<int>(k),
               left.data, left_blas.leading, right.data, right_blas.leading, l == 0 ? T(0) : T(1), sum.data,
               static_cast<int>(sum.leading()));
        }
        if (!in_place) {
          const detail::layout to{{m, n}, {part.row_stride, part.column_stride}, 0};
          core::scatter(reinterpret_cast<const std::byte*>(sum.data), reinterpret_cast<std::byte*>(part.data), to,
                        sizeof(T), 0, m * n);
        }
      }
    }
  }

  static matrix<T> packed(const matrix<T>& from, T* to) {
    if (blas_operand<T>(from).usable) return from;
    const detail::layout at{{from.rows, from.columns}, {from.row_stride, from.column_stride}, 0};
    core::gather(reinterpret_cast<const std::byte*>(from.data), at, sizeof(T), 0, from.rows * from.columns,
                 reinterpret_cast<std::byte*>(to));
    return {to, from.rows, from.columns, from.columns, 1};
  }

  bool direct_;
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

template <class T>
void float_products(const batch& all) {
  const ops::matmul_stage& stage = all.stage;
  const auto x = all.at<T>(stage.x, 0);
  const auto y = all.at<T>(stage.y, 0);
  const auto z = all.at<T>(stage.target, 0);
  const std::int64_t spare_bytes = product<T>::scratch_bytes(x, y, z);
  const product<T> one(x, y, z);

  // Small products are shared out whole, and OpenBLAS, inside a parallel region, then takes one thread for each; large
  // ones are left to its own threads.
  constexpr double small = 128.0 * 128.0 * 128.0;
  const double multiplications =
      static_cast<double>(z.rows) * static_cast<double>(z.columns) * static_cast<double>(x.columns);
  const bool share_out = all.size > 1 && multiplications <= small;
  const int workers =
      share_out
          ? workers_for(static_cast<std::int64_t>(std::min(1e15, multiplications * static_cast<double>(all.size))), 1,
                        all.context.rules)
          : 1;
  std::vector<scratch> spares;
  for (int i = 0; i < workers; ++i) spares.emplace_back(spare_bytes);
  // The thread count holds in the calling thread, which is the one that calls BLAS outside a parallel region.
  // Two threads of OpenBLAS are no faster than one up to about this size (2 cores, 2026-11, bench_matmul).
  constexpr double worth_threads = 96.0 * 96.0 * 96.0;
  const runtime::scoped_thread_count threads(share_out                          ? workers
                                             : multiplications <= worth_threads ? 1
                                                                                : all.context.workers());
  runtime::parallel_for(all.size, workers, [&](std::int64_t begin, std::int64_t end, int number) {
    for (std::int64_t i = begin; i < end; ++i) {
      one.run(all.at<T>(stage.x, i), all.at<T>(stage.y, i), all.at<T>(stage.target, i),
              spares[static_cast<std::size_t>(number)].data());
      all.context.advance(z.rows * z.columns);
    }
  });
}

// Integers wrap, so that the order of additions does not matter: each worker makes whole rows of results, a tile at a
// time.
void integer_products(const batch& all) {
  const ops::matmul_stage& stage = all.stage;
  const std::int64_t item_bytes = item_size(stage.type);
  const kernels::multiply_add_kernel multiply_add = kernels::multiply_add(stage.type);
  const dims& shape = stage.target.at.shape;
  const std::int64_t rows = shape[shape.size() - 2];
  const std::int64_t columns = shape.back();
  const std::int64_t depth = stage.x.at.shape.back();
  const auto row_stride = [](const ops::region& of) { return of.at.strides[of.at.strides.size() - 2]; };
  const auto column_stride = [](const ops::region& of) { return of.at.strides.back(); };
  const std::byte* const x_base = all.context.data(stage.x);
  const std::byte* const y_base = all.context.data(stage.y);
  std::byte* const z_base = all.context.data(stage.target);
  const int workers = workers_for(core::size_of(shape), std::min<std::int64_t>(depth, 1 << 20), all.context.rules);
  std::vector<scratch> sums;
  for (int i = 0; i < workers; ++i) sums.emplace_back(tile_elements * largest_item_bytes);

  runtime::parallel_for(all.size * rows, workers, [&](std::int64_t begin, std::int64_t end, int number) {
    std::byte* const sum = sums[static_cast<std::size_t>(number)].data();
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t row = unit % rows;
      const std::int64_t x_row = all.offset(stage.x, unit / rows) + row * row_stride(stage.x);
      const std::int64_t y_first = all.offset(stage.y, unit / rows);
      const std::int64_t z_row = all.offset(stage.target, unit / rows) + row * row_stride(stage.target);
      for (std::int64_t column = 0; column < columns; column += tile_elements) {
        const std::int64_t count = std::min(tile_elements, columns - column);
        fill(sum, stage.type, scalar(false), count);
        for (std::int64_t k = 0; k < depth; ++k) {
          const std::int64_t y_row = y_first + k * row_stride(stage.y) + column * column_stride(stage.y);
          multiply_add(x_base + (x_row + k * column_stride(stage.x)) * item_bytes, y_base + y_row * item_bytes,
                       column_stride(stage.y), sum, count);
        }
        const detail::layout to{{count}, {column_stride(stage.target)}, z_row + column * column_stride(stage.target)};
        core::scatter(sum, z_base, to, item_bytes, 0, count);
      }
      all.context.advance(columns);
    }
  });
}

}  // namespace

void run_stage(const ops::matmul_stage& stage, const stage_context& context) {
  if (core::size_of(stage.target.at.shape) == 0) return;
  const batch all(stage, context);
  if (stage.x.at.shape.back() == 0) {
    const std::int64_t elements = core::size_of(stage.target.at.shape);
    const scratch tile(tile_elements * largest_item_bytes);
    fill(tile.data(), stage.type, scalar(false), tile_elements);
    for (std::int64_t first = 0; first < elements; first += tile_elements) {
      core::scatter(tile.data(), context.data(stage.target), stage.target.at, item_size(stage.type), first,
                    std::min(tile_elements, elements - first));
    }
    return;
  }
  switch (stage.type) {
    case dtype::float32: return float_products<float>(all);
    case dtype::float64: return float_products<double>(all);
    case dtype::complex64: return float_products<std::complex<float>>(all);
    case dtype::complex128: return float_products<std::complex<double>>(all);
    default: return integer_products(all);
  }
}

}  // namespace tandem::backend
