#pragma once

#include "cuda/device/rows.h"

// Running results along rows. A block goes through a chunk of its rows, `lanes` x `Items` elements at a time: a lane
// has `Items` neighbours and their running results, what comes before it is found by a scan over the lanes' totals, and
// what comes before that is carried along. Long rows are cut into chunks, whose totals are found and scanned first.
// Everything is combined in an order that depends on the words only.
namespace td {

/// What a kernel does with chunks.
enum class scan_part {
  totals,  ///< stores the total of each chunk
  whole,   ///< a chunk is a whole row: stores its running results
  after,   ///< stores running results that go on from the total of all chunks before
};

/// The words from `P` on are row_word's. For `totals`, then the target's distance from a chunk to the next one. For
/// `after`, then the address of the totals up to and with each chunk and their distances from row to row and from chunk
/// to chunk. Word `Target` has the target's address. `shared` has room for an item of each thread.
template <class Rows, class Combine, int Target, scan_part Part, int Items, bool Across, int P, class Words>
__device__ inline void scan_rows(const Words& w, void* shared) {
  using item = typename Rows::item;
  using Index = typename Rows::index;
  const block_shape<Across> shape(static_cast<unsigned>(w.at[P + lanes_word]));
  const Index step = static_cast<Index>(shape.lanes) * Items;
  item* const totals = static_cast<item*>(shared);
  const Index blocks = static_cast<Index>(w.at[P + chunks_word] * w.at[P + row_blocks_word]);
  for (Index block = blockIdx.x; block < blocks; block += gridDim.x) {
    const row_work<Index> work = row_work_at<P, Index>(w, block, shape);
    const typename Rows::start from = Rows::row_at(w, work.count == 0 ? 0 : work.row);
    bool carries = false;
    item carry;
    if constexpr (Part == scan_part::after) {
      if (work.chunk > 0 && work.count != 0) {
        const Index at = work.row * static_cast<Index>(w.at[P + row_words + 1]) +
                         (work.chunk - 1) * static_cast<Index>(w.at[P + row_words + 2]);
        carry = load<item>(w.at[P + row_words], at);
        carries = true;
      }
    }
    for (Index done = 0; done < work.extent; done += step) {
      const Index first = done + static_cast<Index>(shape.lane) * Items;
      const Index left = first < work.count ? work.count - first : 0;
      item x[1][Items];
      Rows::template load<1, Items>(w, from, work.begin + first, 0, left, x);
      item total = x[0][0];
#pragma unroll
      for (int i = 1; i < Items; ++i) {
        if (static_cast<Index>(i) < left) {
          total = Combine::of(total, x[0][i]);
          x[0][i] = total;
        }
      }
      totals[threadIdx.x] = total;
      __syncthreads();
      for (unsigned distance = 1; distance < shape.lanes; distance *= 2) {
        const bool has_before = shape.lane >= distance && left != 0;
        if (has_before) total = Combine::of(totals[threadIdx.x - distance * shape.lane_step], total);
        __syncthreads();
        if (has_before) totals[threadIdx.x] = total;
        __syncthreads();
      }
      if constexpr (Part == scan_part::totals) {
        if (left != 0 && work.count - first <= static_cast<Index>(Items)) {
          const Index at = from.target + work.chunk * static_cast<Index>(w.at[P + row_words]);
          *element<item>(w.at[Target], at) = carries ? Combine::of(carry, total) : total;
        }
      } else if (left != 0) {
        bool has_before = carries;
        item before = carry;
        if (shape.lane > 0) {
          const item lanes_before = totals[threadIdx.x - shape.lane_step];
          before = carries ? Combine::of(carry, lanes_before) : lanes_before;
          has_before = true;
        }
#pragma unroll
        for (int i = 0; i < Items; ++i) {
          if (has_before && static_cast<Index>(i) < left) x[0][i] = Combine::of(before, x[0][i]);
        }
        Rows::template store<Target>(w, from, work.begin + first, left, x[0]);
      }
      if (done + step < work.count) {
        const item whole = totals[threadIdx.x + (shape.lanes - 1 - shape.lane) * shape.lane_step];
        carry = carries ? Combine::of(carry, whole) : whole;
        carries = true;
      }
      __syncthreads();  // the next totals take the place of these
    }
  }
}

}  // namespace td
