#pragma once

#include "cuda/device/rows.h"

// Reductions along rows. A lane's elements are runs of `Neighbours`, `lanes` runs apart, and it reads `Groups` of them
// at a time. It has a running result for each place in them (`Slots` is `Neighbours`), or, where the order of
// combination does not matter, for each run (`Slots` is 1), and combines these in a tree, as lanes are then combined in
// a tree. What has no elements is left out: there is no neutral number that keeps the sign of a zero and infinite
// complex numbers. The tree depends on the words only, never on the number of blocks at work, on alignment, or on how
// elements are read.
namespace td {

/// The first `Count` of x to x[0], each half into the other.
template <class Combine, int Count, class T, int Size>
TANDEM_HD inline void fold_halves(T (&x)[Size]) {
  if constexpr (Count > 1) {
    constexpr int half = Count / 2;
#pragma unroll
    for (int i = 0; i < half; ++i) x[i] = Combine::of(x[i], x[i + half]);
    fold_halves<Combine, half>(x);
  }
}

/// The same where x[i] counts only if `first + i * step` is below `count`; x[0] does.
template <class Combine, int Count, class T, int Size, class Index>
TANDEM_HD inline void fold_present_halves(T (&x)[Size], Index first, Index step, Index count) {
  if constexpr (Count > 1) {
    constexpr int half = Count / 2;
#pragma unroll
    for (int i = 0; i < half; ++i) {
      if (first + static_cast<Index>(i + half) * step < count) x[i] = Combine::of(x[i], x[i + half]);
    }
    fold_present_halves<Combine, half>(x, first, step, count);
  }
}

/// The result of one lane; unspecified if the chunk has none of its elements.
template <class Rows, class Combine, int Groups, int Neighbours, int Slots, class Words, class Index>
__device__ inline typename Rows::item reduce_lane(const Words& w, const typename Rows::start& from,
                                                  const row_work<Index>& work, unsigned lane, unsigned lanes) {
  using item = typename Rows::item;
  static_assert(Slots == Neighbours || Slots == 1);
  const Index width = static_cast<Index>(lanes) * Neighbours;
  const Index step = width * Groups;
  const Index first = static_cast<Index>(lane) * Neighbours;
  item best[Slots][Groups];
  for (Index e = 0; first + e < work.count; e += step) {
    item x[Groups][Neighbours];
    const Index left = work.count - first - e;
    const bool whole = left >= step - width + Neighbours;
    Rows::template load<Groups, Neighbours>(w, from, work.begin + first + e, width, left, x);
    if constexpr (Slots != Neighbours) {
#pragma unroll
      for (int u = 0; u < Groups; ++u) {
        if (whole) {
          fold_halves<Combine, Neighbours>(x[u]);
        } else {
          fold_present_halves<Combine, Neighbours>(x[u], static_cast<Index>(u) * width, Index(1), left);
        }
      }
    }
#pragma unroll
    for (int u = 0; u < Groups; ++u) {
#pragma unroll
      for (int v = 0; v < Slots; ++v) {
        if (e == 0) {
          best[v][u] = x[u][v];
        } else if (whole || static_cast<Index>(u) * width + static_cast<Index>(v) < left) {
          best[v][u] = Combine::of(best[v][u], x[u][v]);
        }
      }
    }
  }
  const Index mine = first < work.count ? work.count - first : 0;
  item ends[Slots];
#pragma unroll
  for (int v = 0; v < Slots; ++v) {
    fold_present_halves<Combine, Groups>(best[v], static_cast<Index>(v), width, mine);
    ends[v] = best[v][0];
  }
  fold_present_halves<Combine, Slots>(ends, Index(0), Index(1), mine);
  return ends[0];
}

/// The kernel's body. The words from `P` on are row_word's, then the target's distance from a chunk to the next one.
/// `Put::to(w, offset, item)` stores a result. `shared` has room for an item of each thread.
template <class Rows, class Combine, class Put, int Groups, int Neighbours, int Slots, bool Across, int P, class Words>
__device__ inline void reduce_rows(const Words& w, void* shared) {
  using item = typename Rows::item;
  using Index = typename Rows::index;
  const block_shape<Across> shape(static_cast<unsigned>(w.at[P + lanes_word]));
  item* const results = static_cast<item*>(shared);
  const Index blocks = static_cast<Index>(w.at[P + chunks_word] * w.at[P + row_blocks_word]);
  for (Index block = blockIdx.x; block < blocks; block += gridDim.x) {
    const row_work<Index> work = row_work_at<P, Index>(w, block, shape);
    const typename Rows::start from = Rows::row_at(w, work.count == 0 ? 0 : work.row);
    item mine = reduce_lane<Rows, Combine, Groups, Neighbours, Slots>(w, from, work, shape.lane, shape.lanes);
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
