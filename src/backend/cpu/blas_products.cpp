#include <cblas.h>

#include <algorithm>
#include <climits>
#include <complex>
#include <vector>

#include "backend/cpu/matrix_products.h"
#include "backend/cpu/tiles.h"
#include "core/strided.h"
#include "runtime/fork.h"
#include "runtime/workers.h"

namespace tandem::backend {

namespace {

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

// Side of the blocks that operands BLAS cannot take are packed into, and of blocks of results it cannot write: 1 MiB
// each for complex128.
constexpr std::int64_t block_side = 256;

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

// OpenBLAS gets parts of the result whose extents depend on nothing but shapes and strides, each on one thread: with
// threads of its own the bits of an element would depend on their number.
struct parts_of_result {
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t high;
  std::int64_t wide;

  template <class T>
  parts_of_result(const matrix<T>& x, const matrix<T>& y, const matrix<T>& z)
      : rows(z.rows), columns(z.columns), high(side(rows)), wide(side(columns)) {
    if (columns == 1) high = vector_part(x.columns, x.row_stride != 1);
    if (rows == 1) wide = vector_part(x.columns, y.column_stride != 1);
  }

  // At least two from 48 on, and none much over 256: square products of complex128 then take at most 9 % longer than in
  // one piece from 256 on (AMD Zen 5, 2026-11).
  static std::int64_t side(std::int64_t extent) {
    const std::int64_t parts = extent < 48 ? 1 : std::max<std::int64_t>(2, (extent + 255) / 256);
    return ((extent + parts - 1) / parts + 7) / 8 * 8;
  }
  // Of a product with a vector, some 32,768 elements of the matrix at once; where what is contiguous is not what is
  // summed, runs that memory streams.
  static std::int64_t vector_part(std::int64_t depth, bool summed_along_runs) {
    return std::max<std::int64_t>(summed_along_runs ? 32 : 256, 32768 / depth / 8 * 8);
  }
  std::int64_t down() const { return (rows + high - 1) / high; }
  std::int64_t across() const { return (columns + wide - 1) / wide; }
  std::int64_t count() const { return down() * across(); }

  struct part {
    std::int64_t row;
    std::int64_t column;
    std::int64_t rows;
    std::int64_t columns;
  };
  part at(std::int64_t number) const {
    const std::int64_t row = number / across() * high;
    const std::int64_t column = number % across() * wide;
    return {row, column, std::min(high, rows - row), std::min(wide, columns - column)};
  }
};

}  // namespace

template <class T>
void blas_products(const batch& all) {
  const ops::matmul_stage& stage = all.stage;
  const auto x = all.at<T>(stage.x, 0);
  const auto y = all.at<T>(stage.y, 0);
  const auto z = all.at<T>(stage.target, 0);
  const product<T> one(x, y, z);
  const parts_of_result parts(x, y, z);
  const std::int64_t rows = std::min(parts.high, z.rows);
  const std::int64_t columns = std::min(parts.wide, z.columns);
  const std::int64_t spare_bytes = product<T>::scratch_bytes(
      x.block(0, 0, rows, x.columns), y.block(0, 0, y.rows, columns), z.block(0, 0, rows, columns));

  const int workers = all.context.workers();
  std::vector<scratch> spares;
  for (int i = 0; i < workers; ++i) spares.emplace_back(spare_bytes);
  runtime::parallel_for(all.size * parts.count(), workers, [&](std::int64_t begin, std::int64_t end, int number) {
    // OpenBLAS asks the thread that calls it for the number of threads.
    const runtime::scoped_thread_count one_thread(1);
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const runtime::fork_barrier in_blas;
      const std::int64_t i = unit / parts.count();
      const auto part = parts.at(unit % parts.count());
      one.run(all.at<T>(stage.x, i).block(part.row, 0, part.rows, x.columns),
              all.at<T>(stage.y, i).block(0, part.column, y.rows, part.columns),
              all.at<T>(stage.target, i).block(part.row, part.column, part.rows, part.columns),
              spares[static_cast<std::size_t>(number)].data());
      all.context.advance(part.rows * part.columns);
    }
  });
}

template void blas_products<float>(const batch& all);
template void blas_products<double>(const batch& all);
template void blas_products<std::complex<float>>(const batch& all);
template void blas_products<std::complex<double>>(const batch& all);

}  // namespace tandem::backend
