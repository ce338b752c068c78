#include "backend/cpu/loops/isa.h"
#include "backend/cpu/loops/loops.h"

TANDEM_LOOPS_BEGIN

// Products of real matrices. The totals of a block of results stay in registers while the operands pass by, in place
// where they are small. docs/adr/0002-openblas.md has the figures beside OpenBLAS.
//
// The sum over k is taken in order, with fused multiply-adds where the instruction set has them (the build says so for
// this file alone). So an element's bits do not depend on the block that it is in.
namespace tandem::backend::kernels::TANDEM_ISA {

namespace {

constexpr int register_bytes = TANDEM_ISA_LEVEL == 4 ? 64 : TANDEM_ISA_LEVEL == 3 ? 32 : 16;

// A block is at most so many rows, and registers across: its totals, a row of the right operand and one element of the
// left one fit the 32 registers of AVX-512 and the 16 of the other sets.
constexpr int most_rows = 6;
constexpr int most_across = TANDEM_ISA_LEVEL == 4 ? 4 : 2;

template <class T>
constexpr int widest = register_bytes / static_cast<int>(sizeof(T));

// Passed by reference from one function to the next, and left as it was but for what each says: copying it would cost
// as much as a product of 8 x 8.
template <class T>
struct operands {
  const T* x;
  const T* y;
  T* z;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t depth;
  std::int64_t x_row;
  std::int64_t x_column;
  std::int64_t y_row;
  std::int64_t z_row;
  // Add to what is in z.
  bool accumulate;
};

// Rows x Across vectors of Width elements; the last vector may overlap the one before, and then gets the same values.
template <class T, int Width, int Across, int Rows>
void multiply_block(const operands<T>& of) {
  using vector [[gnu::vector_size(Width * sizeof(T))]] = T;
  const std::int64_t last = of.columns - Width;
  const auto place = [&](int v) { return v + 1 < Across ? v * Width : last; };
  vector total[Rows][Across] = {};
  if (of.accumulate) {
    for (int r = 0; r < Rows; ++r) {
      for (int v = 0; v < Across; ++v) __builtin_memcpy(&total[r][v], of.z + r * of.z_row + place(v), sizeof(vector));
    }
  }
  const T* x = of.x;
  const T* y = of.y;
  for (std::int64_t l = 0; l < of.depth; ++l) {
    vector right[Across];
    for (int v = 0; v < Across; ++v) __builtin_memcpy(&right[v], y + place(v), sizeof(vector));
    for (int r = 0; r < Rows; ++r) {
      const T left = x[r * of.x_row];
      for (int v = 0; v < Across; ++v) total[r][v] += left * right[v];
    }
    x += of.x_column;
    y += of.y_row;
  }
  for (int r = 0; r < Rows; ++r) {
    for (int v = 0; v < Across; ++v) __builtin_memcpy(of.z + r * of.z_row + place(v), &total[r][v], sizeof(vector));
  }
}

template <class T>
using block = void (*)(const operands<T>&);

// For 1 to `most_rows` rows.
template <class T, int Width, int Across>
constexpr block<T> blocks[] = {&multiply_block<T, Width, Across, 1>, &multiply_block<T, Width, Across, 2>,
                               &multiply_block<T, Width, Across, 3>, &multiply_block<T, Width, Across, 4>,
                               &multiply_block<T, Width, Across, 5>, &multiply_block<T, Width, Across, 6>};

// For so many columns, at most those of a strip, in the widest registers that they fill.
template <class T, int Width = widest<T>>
const block<T>* blocks_for(std::int64_t columns) {
  if constexpr (Width > 1) {
    if (columns < Width) return blocks_for<T, Width / 2>(columns);
  }
  switch ((columns + Width - 1) / Width) {
    case 1: return blocks<T, Width, 1>;
    case 2: return blocks<T, Width, 2>;
    case 3: return blocks<T, Width, std::min(3, most_across)>;
    default: return blocks<T, Width, most_across>;
  }
}

template <class T>
constexpr std::int64_t most_columns = most_across * widest<T>;

// A strip of results, block by block. Moves x, z and rows.
template <class T>
void multiply_strip(operands<T>& of) {
  const block<T>* const of_height = blocks_for<T>(of.columns);
  while (of.rows > 0) {
    // About the same number of rows for each, so that none has a single one.
    const std::int64_t left = (of.rows + most_rows - 1) / most_rows;
    const std::int64_t height = (of.rows + left - 1) / left;
    of_height[height - 1](of);
    of.x += height * of.x_row;
    of.z += height * of.z_row;
    of.rows -= height;
  }
}

// How many of `left` columns come next, at most `most`: what remains is none or at least `width`, if `left` was.
constexpr std::int64_t next_columns(std::int64_t left, std::int64_t most, std::int64_t width) {
  if (left <= most) return left;
  return left - most < width ? most - width : most;
}

// Operands in place. Moves everything.
template <class T>
void multiply_in_place(operands<T>& of) {
  if (of.columns <= most_columns<T>) return multiply_strip(of);
  const T* const x = of.x;
  T* z = of.z;
  const std::int64_t rows = of.rows;
  for (std::int64_t left = of.columns; left > 0;) {
    of.columns = next_columns(left, most_columns<T>, widest<T>);
    multiply_strip(of);
    left -= of.columns;
    of.x = x;
    of.y += of.columns;
    of.z = z += of.columns;
    of.rows = rows;
  }
}

// Copies to rows of neighbours, `to_row` apart.
template <class T>
void pack(const T* from, std::int64_t row, std::int64_t column, std::int64_t rows, std::int64_t columns, T* to,
          std::int64_t to_row) {
  if (column == 1) {
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) to[i * to_row + j] = from[i * row + j];
    }
  } else {
    // Eight lines at a time: what is written of a row is then one cache line of float64.
    for (std::int64_t first = 0; first < columns; first += 8) {
      const std::int64_t end = std::min<std::int64_t>(first + 8, columns);
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = first; j < end; ++j) to[i * to_row + j] = from[i * row + j * column];
      }
    }
  }
}

// Panels of the right operand are copied first, and blocks of the left one if its rows are not contiguous.
template <class T>
void multiply_packed(const product& of, const T* x, const T* y, T* z, std::byte* spare) {
  T* const y_spare = reinterpret_cast<T*>(spare);
  T* const x_spare = y_spare + panel_spare_bytes / static_cast<std::int64_t>(sizeof(T));
  constexpr std::int64_t y_spare_row = panel_spare_row_bytes / static_cast<std::int64_t>(sizeof(T));
  const bool x_copied = of.x.column != 1;
  constexpr std::int64_t most = panel_row_bytes / static_cast<std::int64_t>(sizeof(T));
  for (std::int64_t i = 0; i < of.rows; i += rows_at_once) {
    const std::int64_t rows = std::min(rows_at_once, of.rows - i);
    for (std::int64_t l = 0; l < of.depth; l += depth_at_once) {
      const std::int64_t depth = std::min(depth_at_once, of.depth - l);
      const T* left = x + i * of.x.row + l * of.x.column;
      if (x_copied) {
        pack(left, of.x.row, of.x.column, rows, depth, x_spare, left_spare_row);
        left = x_spare;
      }
      std::int64_t columns = 0;
      for (std::int64_t j = 0; j < of.columns; j += columns) {
        columns = next_columns(of.columns - j, most, widest<T>);
        pack(y + l * of.y.row + j * of.y.column, of.y.row, of.y.column, depth, columns, y_spare, y_spare_row);
        operands<T> part{left,
                         y_spare,
                         z + i * of.z.row + j,
                         rows,
                         columns,
                         depth,
                         x_copied ? left_spare_row : of.x.row,
                         1,
                         y_spare_row,
                         of.z.row,
                         l > 0};
        multiply_in_place(part);
      }
    }
  }
}

template <class T>
void multiply_all(const product& of, const std::byte* x_bytes, const std::byte* y_bytes, std::byte* z_bytes,
                  std::int64_t count, std::byte* spare) {
  const T* x = reinterpret_cast<const T*>(x_bytes);
  const T* y = reinterpret_cast<const T*>(y_bytes);
  T* z = reinterpret_cast<T*>(z_bytes);
  const operands<T> first{x, y, z, of.rows, of.columns, of.depth, of.x.row, of.x.column, of.y.row, of.z.row, false};
  if (spare == nullptr && of.rows <= most_rows && of.columns <= most_columns<T>) {
    // Of many products of 4 x 4, choosing the block anew for each would take half of the time.
    const block<T> only = blocks_for<T>(of.columns)[of.rows - 1];
    operands<T> next = first;
    for (std::int64_t i = 0; i < count; ++i) {
      only(next);
      next.x += of.x.step;
      next.y += of.y.step;
      next.z += of.z.step;
    }
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    if (spare == nullptr) {
      operands<T> all = first;
      all.x = x, all.y = y, all.z = z;
      multiply_in_place(all);
    } else {
      multiply_packed(of, x, y, z, spare);
    }
    x += of.x.step;
    y += of.y.step;
    z += of.z.step;
  }
}

}  // namespace

products_kernel products(dtype type) {
  if (type == dtype::float32) return &multiply_all<float>;
  return type == dtype::float64 ? &multiply_all<double> : nullptr;
}

}  // namespace tandem::backend::kernels::TANDEM_ISA

TANDEM_LOOPS_END
