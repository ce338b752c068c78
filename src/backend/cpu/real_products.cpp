#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "backend/cpu/kernels.h"
#include "backend/cpu/matrix_products.h"
#include "backend/cpu/tiles.h"
#include "core/strided.h"
#include "runtime/workers.h"

namespace tandem::backend {

namespace {

// Blocks of results whose rows are not contiguous are made aside first, so large at most.
constexpr std::int64_t aside_side = 256;

// Products of one shape and one set of strides, wherever their matrices begin.
template <class T>
class real_product {
 public:
  real_product(matrix<T> x, matrix<T> y, matrix<T> z) {
    // z^T = y^T x^T where that leaves z with contiguous rows; of two ways, the one with the right operand in place.
    const auto contiguous = [](const matrix<T>& of) { return of.columns == 1 || of.column_stride == 1; };
    const bool direct = contiguous(z);
    const bool turned = contiguous(z.transposed());
    turned_ = turned && (!direct || (!contiguous(y) && contiguous(x.transposed())));
    if (turned_) {
      std::swap(x, y);
      x = x.transposed(), y = y.transposed(), z = z.transposed();
    }
    shape_ = {z.rows, z.columns, x.columns, strides_of(x), strides_of(y), strides_of(z)};
    aside_ = !contiguous(z);
    // Rows so far apart that they share few sets of a cache are better copied, unless for few rows of results (AMD
    // Zen 5, 2026-11).
    constexpr std::int64_t far_bytes = 4096;
    constexpr std::int64_t few_rows = 12;
    const bool near = std::abs(shape_.y.row) < far_bytes / static_cast<std::int64_t>(sizeof(T));
    in_place_ = contiguous(y) && shape_.depth <= kernels::depth_at_once && (near || shape_.rows <= few_rows);
  }

  std::int64_t rows() const { return shape_.rows; }
  std::int64_t columns() const { return shape_.columns; }
  double multiplications() const {
    return static_cast<double>(shape_.rows) * static_cast<double>(shape_.columns) * static_cast<double>(shape_.depth);
  }

  std::int64_t spare_bytes() const {
    return copied_bytes() + (aside_ ? aside_side * aside_side * static_cast<std::int64_t>(sizeof(T)) : 0);
  }

  // `count` whole products, the addresses of the first given and the distances to the next.
  void run(const T* x, const T* y, T* z, std::int64_t x_step, std::int64_t y_step, std::int64_t z_step,
           std::int64_t count, std::byte* spare) const {
    if (aside_) {
      for (std::int64_t i = 0; i < count; ++i) {
        part(x + i * x_step, y + i * y_step, z + i * z_step, 0, shape_.rows, 0, shape_.columns, spare);
      }
      return;
    }
    if (turned_) std::swap(x, y), std::swap(x_step, y_step);
    kernels::product of = shape_;
    of.x.step = x_step, of.y.step = y_step, of.z.step = z_step;
    multiply_(of, bytes(x), bytes(y), reinterpret_cast<std::byte*>(z), count, in_place_ ? nullptr : spare);
  }

  // Some rows and columns of one product, in this object's orientation.
  void part(const T* x, const T* y, T* z, std::int64_t row, std::int64_t row_end, std::int64_t column,
            std::int64_t column_end, std::byte* spare) const {
    if (turned_) std::swap(x, y);
    std::byte* const copies = in_place_ ? nullptr : spare;
    kernels::product of = shape_;
    if (!aside_) {
      of.rows = row_end - row, of.columns = column_end - column;
      multiply_(of, bytes(x + row * of.x.row), bytes(y + column * of.y.column),
                reinterpret_cast<std::byte*>(z + row * of.z.row + column), 1, copies);
      return;
    }
    std::byte* const made = spare + copied_bytes();
    for (std::int64_t i = row; i < row_end; i += aside_side) {
      for (std::int64_t j = column; j < column_end; j += aside_side) {
        of.rows = std::min(aside_side, row_end - i), of.columns = std::min(aside_side, column_end - j);
        of.z = {of.columns, 1, 0};
        multiply_(of, bytes(x + i * of.x.row), bytes(y + j * of.y.column), made, 1, copies);
        const detail::layout to{{of.rows, of.columns}, {shape_.z.row, shape_.z.column}, 0};
        core::scatter(made, reinterpret_cast<std::byte*>(z + i * shape_.z.row + j * shape_.z.column), to, sizeof(T), 0,
                      of.rows * of.columns);
      }
    }
  }

 private:
  static kernels::matrix_strides strides_of(const matrix<T>& of) {
    return {of.rows == 1 ? 0 : of.row_stride, of.columns == 1 ? 1 : of.column_stride, 0};
  }
  static const std::byte* bytes(const T* at) { return reinterpret_cast<const std::byte*>(at); }
  std::int64_t copied_bytes() const { return in_place_ ? 0 : kernels::product_spare_bytes(shape_.x, sizeof(T)); }

  kernels::products_kernel multiply_ = kernels::products(dtype_of<T>);
  kernels::product shape_;
  bool turned_;
  bool aside_;
  bool in_place_;
};

// How rows and columns are cut for several workers: into parts about as high as wide, rather wider, for rows can be cut
// more evenly.
struct grid {
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t row_parts;
  std::int64_t column_parts;

  grid(std::int64_t rows_, std::int64_t columns_, std::int64_t parts) : rows(rows_), columns(columns_) {
    // Smaller parts have no room for the blocks of the loops.
    constexpr std::int64_t least_rows = 12;
    constexpr std::int64_t least_columns = 32;
    const double ratio = static_cast<double>(rows) / static_cast<double>(columns);
    const double squares = std::ceil(std::sqrt(static_cast<double>(parts) * ratio));
    row_parts = static_cast<std::int64_t>(std::min(squares, static_cast<double>(parts)));
    row_parts = std::min(row_parts, (rows + least_rows - 1) / least_rows);
    column_parts = std::min((parts + row_parts - 1) / row_parts, (columns + least_columns - 1) / least_columns);
  }
  std::int64_t parts() const { return row_parts * column_parts; }
  // Parts begin where blocks do, at multiples of the number of rows or columns that one has.
  static std::int64_t begin(std::int64_t extent, std::int64_t parts, std::int64_t number, std::int64_t block) {
    const std::int64_t blocks = (extent + block - 1) / block;
    return std::min(extent, blocks * number / parts * block);
  }
  std::int64_t row(std::int64_t part) const { return begin(rows, row_parts, part, 6); }
  std::int64_t column(std::int64_t part) const { return begin(columns, column_parts, part, 32); }
};

}  // namespace

template <class T>
void real_products(const batch& all) {
  const ops::matmul_stage& stage = all.stage;
  const auto x = all.at<T>(stage.x, 0);
  const auto y = all.at<T>(stage.y, 0);
  const auto z = all.at<T>(stage.target, 0);
  const real_product<T> one(x, y, z);
  // OpenBLAS's loops for a matrix and a vector run as fast as memory gives the matrix.
  constexpr double small_vector_product = 4096;
  if ((z.rows == 1 || z.columns == 1) && one.multiplications() > small_vector_product) return blas_products<T>(all);

  const int workers = all.context.workers();
  std::vector<scratch> spares;
  if (one.spare_bytes() > 0) {
    for (int i = 0; i < workers; ++i) spares.emplace_back(one.spare_bytes());
  }
  const auto spare_of = [&](int number) {
    return spares.empty() ? nullptr : spares[static_cast<std::size_t>(number)].data();
  };

  if (workers > 1 && all.size < 4 * workers) {
    const grid cut(one.rows(), one.columns(), workers);
    runtime::parallel_for(all.size * cut.parts(), workers, [&](std::int64_t begin, std::int64_t end, int number) {
      for (std::int64_t unit = begin; unit < end; ++unit) {
        const std::int64_t i = unit / cut.parts();
        const std::int64_t row = unit % cut.parts() / cut.column_parts;
        const std::int64_t column = unit % cut.column_parts;
        const std::int64_t rows = cut.row(row + 1) - cut.row(row);
        const std::int64_t columns = cut.column(column + 1) - cut.column(column);
        if (rows == 0 || columns == 0) continue;
        one.part(all.at<T>(stage.x, i).data, all.at<T>(stage.y, i).data, all.at<T>(stage.target, i).data, cut.row(row),
                 cut.row(row) + rows, cut.column(column), cut.column(column) + columns, spare_of(number));
        all.context.advance(rows * columns);
      }
    });
    return;
  }
  // Matrices next to each other along the fastest axis of the batch go to the loops together.
  const int axis = all.shape.size() - 1;
  const std::int64_t line = axis < 0 ? 1 : all.shape[axis];
  const auto step = [&](const ops::region& of) { return axis < 0 ? 0 : of.at.strides[axis]; };
  runtime::parallel_for(all.size, workers, [&](std::int64_t begin, std::int64_t end, int number) {
    while (begin < end) {
      const std::int64_t count = std::min(end - begin, line - begin % line);
      one.run(all.at<T>(stage.x, begin).data, all.at<T>(stage.y, begin).data, all.at<T>(stage.target, begin).data,
              step(stage.x), step(stage.y), step(stage.target), count, spare_of(number));
      all.context.advance(count * z.rows * z.columns);
      begin += count;
    }
  });
}

template void real_products<float>(const batch& all);
template void real_products<double>(const batch& all);

}  // namespace tandem::backend
