#pragma once

#include "cuda/device/space.h"

// Products of matrices of integers and booleans.
namespace td {

inline constexpr unsigned tile_side = 64;
inline constexpr unsigned tile_depth = 16;

/// What the operands of one block share: 16 columns of 64 rows of x, and 16 rows of 64 columns of y. A column more than
/// that, so that storing by columns does not meet one bank of shared memory.
template <class T>
struct product_tiles {
  T x[tile_depth][tile_side + 1];
  T y[tile_depth][tile_side + 1];
};

/// (m, k), (k, n) -> (m, n) for all batches: a block of 256 threads makes 64 x 64 results at a time, a thread 4 x 4.
///
/// Words: 0 x, 1 y, 2 target (addresses); 3 m, 4 n, 5 k; strides of rows and columns of x (6, 7), y (8, 9), target (10,
/// 11); 12 number of batches; then a space over the batch axes of x, y and target. `Add` and `Multiply` are rows of the
/// table of operations.
template <class T, class Add, class Multiply, int Axes, class Index, class Words>
__device__ inline void multiply_matrices(const Words& w, product_tiles<T>& tiles) {
  const Index m = static_cast<Index>(w.at[3]);
  const Index n = static_cast<Index>(w.at[4]);
  const Index depth = static_cast<Index>(w.at[5]);
  const unsigned long long tiles_down = (w.at[3] + tile_side - 1) / tile_side;
  const unsigned long long tiles_along = (w.at[4] + tile_side - 1) / tile_side;
  const unsigned long long blocks = tiles_down * tiles_along * w.at[12];
  const unsigned thread = threadIdx.x;
  const unsigned along = thread % 16;
  const unsigned down = thread / 16;
  for (unsigned long long block = blockIdx.x; block < blocks; block += gridDim.x) {
    const Index column = static_cast<Index>(block % tiles_along) * tile_side;
    const Index row = static_cast<Index>(block / tiles_along % tiles_down) * tile_side;
    offsets<3, Index> o;
    add_offsets<Axes, 3, Index>(w, 13, static_cast<Index>(block / tiles_along / tiles_down), o);
    T sum[4][4] = {};
    for (Index first = 0; first < depth; first += tile_depth) {
#pragma unroll
      for (unsigned i = 0; i < tile_side * tile_depth; i += 256) {
        const unsigned place = thread + i;
        const unsigned xk = place % tile_depth;
        const unsigned xr = place / tile_depth;
        tiles.x[xk][xr] = row + xr < m && first + xk < depth
                              ? load<T>(w.at[0], o.at[0] + (row + xr) * static_cast<Index>(w.at[6]) +
                                                     (first + xk) * static_cast<Index>(w.at[7]))
                              : T(0);
        const unsigned yc = place % tile_side;
        const unsigned yk = place / tile_side;
        tiles.y[yk][yc] = column + yc < n && first + yk < depth
                              ? load<T>(w.at[1], o.at[1] + (first + yk) * static_cast<Index>(w.at[8]) +
                                                     (column + yc) * static_cast<Index>(w.at[9]))
                              : T(0);
      }
      __syncthreads();
#pragma unroll
      for (unsigned k = 0; k < tile_depth; ++k) {
        T x[4];
        T y[4];
#pragma unroll
        for (unsigned i = 0; i < 4; ++i) x[i] = tiles.x[k][down + 16 * i];
#pragma unroll
        for (unsigned i = 0; i < 4; ++i) y[i] = tiles.y[k][along + 16 * i];
#pragma unroll
        for (unsigned i = 0; i < 4; ++i) {
#pragma unroll
          for (unsigned j = 0; j < 4; ++j) sum[i][j] = Add::apply(sum[i][j], Multiply::apply(x[i], y[j]));
        }
      }
      __syncthreads();
    }
#pragma unroll
    for (unsigned i = 0; i < 4; ++i) {
#pragma unroll
      for (unsigned j = 0; j < 4; ++j) {
        const Index r = row + down + 16 * i;
        const Index c = column + along + 16 * j;
        if (r < m && c < n) {
          *element<T>(w.at[2], o.at[2] + r * static_cast<Index>(w.at[10]) + c * static_cast<Index>(w.at[11])) =
              sum[i][j];
        }
      }
    }
  }
}

}  // namespace td
