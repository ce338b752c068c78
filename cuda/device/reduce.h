#pragma once

#include "cuda/device/rows.h"

// Reductions along rows. A lane's elements are runs of `Neighbours`, `lanes` runs apart; it has `Groups` x `Neighbours`
// running results, which it combines in a tree, as lanes are then combined in a tree. What has no elements is left out:
// there is no neutral number that keeps the sign of a zero and infinite complex numbers. The tree depends on the words
// only, never on the number of blocks at work, on alignment, or on how elements are read.
namespace td {

/// The result of one lane; unspecified if the chunk has none of its elements.
template <class Rows, class Combine, int Groups, int Neighbours, class Words, class Index>
__device__ inline typename Rows::item reduce_lane(const Words& w, const typename Rows::start& from,
                                                  const row_work<Index>& work, unsigned lane, unsigned lanes) {
  using item = typename Rows::item;
  const Index width = static_cast<Index>(lanes) * Neighbours;
  const Index step = width * Groups;
  const Index first = static_cast<Index>(lane) * Neighbours;
  item best[Groups][Neighbours];
  for (Index e = 0; first + e < work.count; e += step) {
    item x[Groups][Neighbours];
    const Index left = work.count - first - e;
    Rows::template load<Groups, Neighbours>(w, from, work.begin + first + e, width, left, x);
    if (e == 0) {
#pragma unroll
      for (int u = 0; u < Groups; ++u) {
#pragma unroll
        for (int v = 0; v < Neighbours; ++v) best[u][v] = x[u][v];
      }
    } else if (left >= step - width + Neighbours) {
#pragma unroll
      for (int u = 0; u < Groups; ++u) {
#pragma unroll
        for (int v = 0; v < Neighbours; ++v) best[u][v] = Combine::of(best[u][v], x[u][v]);
      }
    } else {
#pragma unroll
      for (int u = 0; u < Groups; ++u) {
#pragma unroll
        for (int v = 0; v < Neighbours; ++v) {
          if (static_cast<Index>(u) * width + static_cast<Index>(v) < left) {
            best[u][v] = Combine::of(best[u][v], x[u][v]);
          }
        }
      }
    }
  }
  const Index mine = first < work.count ? work.count - first : 0;
#pragma unroll
  for (int half = Groups / 2; half > 0; half /= 2) {
#pragma unroll
    for (int u = 0; u < half; ++u) {
#pragma unroll
      for (int v = 0; v < Neighbours; ++v) {
        if (static_cast<Index>(u + half) * width + static_cast<Index>(v) < mine) {
          best[u][v] = Combine::of(best[u][v], best[u + half][v]);
        }
      }
    }
  }
#pragma unroll
  for (int half = Neighbours / 2; half > 0; half /= 2) {
#pragma unroll
    for (int v = 0; v < half; ++v) {
      if (static_cast<Index>(v + half) < mine) best[0][v] = Combine::of(best[0][v], best[0][v + half]);
    }
  }
  return best[0][0];
}

/// The kernel's body. The words from `P` on are row_word's, then the target's distance from a chunk to the next one.
/// `Put::to(w, offset, item)` stores a result. `shared` has room for an item of each thread.
template <class Rows, class Combine, class Put, int Groups, int Neighbours, bool Across, int P, class Words>
__device__ inline void reduce_rows(const Words& w, void* shared) {
  using item = typename Rows::item;
  using Index = typename Rows::index;
  const block_shape<Across> shape(static_cast<unsigned>(w.at[P + lanes_word]));
  item* const results = static_cast<item*>(shared);
  const unsigned long long blocks = w.at[P + chunks_word] * w.at[P + row_blocks_word];
  for (unsigned long long block = blockIdx.x; block < blocks; block += gridDim.x) {
    const row_work<Index> work = row_work_at<P, Index>(w, block, shape);
    const typename Rows::start from = Rows::row_at(w, work.count == 0 ? 0 : work.row);
    item mine = reduce_lane<Rows, Combine, Groups, Neighbours>(w, from, work, shape.lane, shape.lanes);
    for (unsigned half = shape.lanes / 2; half > 0; half /= 2) {
      const bool has_other = static_cast<Index>(shape.lane + half) * Neighbours < work.count;
      if (shape.lane >= half && shape.lane < 2 * half) results[threadIdx.x] = mine;
      __syncthreads();
      if (shape.lane < half && has_other) {
        mine = Combine::of(mine, results[threadIdx.x + half * shape.lane_step]);
      }
    }
    if (shape.lane == 0 && work.count != 0) {
      Put::to(w, from.target + work.chunk * static_cast<Index>(w.at[P + row_words]), mine);
    }
    __syncthreads();  // the next rows' results take the place of these
  }
}

}  // namespace td
