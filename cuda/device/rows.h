#pragma once

#include "cuda/device/space.h"

// Rows of a chain's elements, which reductions, searches and scans go along. A space of kept axes says where a row
// begins in each source and in the target, a second one where its elements are. cuda/codegen/rows.h puts both there.

// A function that is called and never inlined.
#ifdef __CUDACC__
#define TANDEM_CALLED __noinline__
#else
#define TANDEM_CALLED __attribute__((noinline))
#endif

namespace td {

/// Where a row begins.
template <int Sources, class Index>
struct row_start {
  offsets<Sources, Index> at;
  Index target;
};

/// Threads of a block, as work along rows uses them.
inline constexpr unsigned block_threads = 256;

/// Several elements' offsets.
template <int Count, int Sources, class Index>
struct places {
  offsets<Sources, Index> at[Count];
};

/// Rows whose elements lie anywhere. `First` is the first word of the kept axes' space, which the worked axes' space
/// follows; the target is the last operand of both.
template <class Chain, int KeptAxes, int WorkedAxes, class Index, int First>
struct strided_rows {
  using item = typename Chain::value_type;
  using index = Index;
  static constexpr int sources = Chain::sources;
  using start = row_start<sources, Index>;

  template <class Words>
  static TANDEM_HD start row_at(const Words& w, Index number) {
    offsets<sources + 1, Index> o;
    add_offsets<KeptAxes, sources + 1, Index>(w, First, number, o);
    start r;
    for (int s = 0; s < sources; ++s) r.at.at[s] = o.at[s];
    r.target = o.at[sources];
    return r;
  }

  /// Elements e + u * width + v of the row; only those with u * width + v below `left`.
  template <int Groups, int Neighbours, class Words>
  static TANDEM_HD void load(const Words& w, const start& from, Index e, Index width, Index left,
                             item (&x)[Groups][Neighbours]) {
#pragma unroll
    for (int u = 0; u < Groups; ++u) {
#pragma unroll
      for (int v = 0; v < Neighbours; ++v) {
        const Index ahead = static_cast<Index>(u) * width + static_cast<Index>(v);
        if (ahead >= left) continue;
        offsets<sources + 1, Index> o = element_at(w, from, e + ahead);
        offsets<sources, Index> read;
        for (int s = 0; s < sources; ++s) read.at[s] = o.at[s];
        x[u][v] = Chain::at(w, read);
      }
    }
  }

  /// Where runs begin that are `width` elements apart from element e on. Beyond the first `left` elements, that is e
  /// again, which can be read, too.
  template <int Groups, class Words>
  static TANDEM_HD places<Groups, sources + 1, Index> run_starts(const Words& w, const start& from, Index e,
                                                                 Index width, Index left) {
    places<Groups, sources + 1, Index> runs;
#pragma unroll
    for (int u = 0; u < Groups; ++u) {
      const Index ahead = static_cast<Index>(u) * width;
      runs.at[u] = element_at(w, from, ahead < left ? e + ahead : e);
    }
    return runs;
  }

  /// The distance from the row's place in the target to element e's.
  template <class Words>
  static TANDEM_HD Index target_distance(const Words& w, const start& from, Index e) {
    return element_at(w, from, e).at[sources] - from.target;
  }

  /// Stores elements e, e + 1, ... of the row, `left` of them at most, to the address in word `Target`.
  template <int Target, int Count, class Words>
  static TANDEM_HD void store(const Words& w, const start& from, Index e, Index left, const item (&x)[Count]) {
#pragma unroll
    for (int i = 0; i < Count; ++i) {
      if (static_cast<Index>(i) >= left) continue;
      const Index to = element_at(w, from, e + static_cast<Index>(i)).at[sources];
      *element<item>(w.at[Target], to) = x[i];
    }
  }

 private:
  template <class Words>
  static TANDEM_HD offsets<sources + 1, Index> element_at(const Words& w, const start& from, Index e) {
    offsets<sources + 1, Index> o;
    for (int s = 0; s < sources; ++s) o.at[s] = from.at.at[s];
    o.at[sources] = from.target;
    add_offsets<WorkedAxes, sources + 1, Index>(w, First + space_words(KeptAxes, sources + 1), e, o);
    return o;
  }
};

/// Whether `Count` elements from an address and an offset on can be read by the accesses of `load_pack`.
template <class T, int Count, class Index>
TANDEM_HD inline bool is_aligned(unsigned long long address, Index offset) {
  const auto first = reinterpret_cast<unsigned long long>(element<const T>(address, offset));
  return first % sizeof(access_of<T, Count>) == 0;
}

/// Groups of neighbours, `width` elements from one to the next, of which the first `left` elements are read. Others
/// are 0.
template <int Groups, class T, int Count, class Index>
TANDEM_HD inline void load_groups(unsigned long long address, Index offset, Index width, Index left,
                                  pack<T, Count> (&x)[Groups]) {
  const bool aligned =
      is_aligned<T, Count>(address, offset) && (Groups == 1 || width * sizeof(T) % sizeof(access_of<T, Count>) == 0);
  if (aligned && left >= static_cast<Index>(Groups - 1) * width + Count) {
#pragma unroll
    for (int u = 0; u < Groups; ++u) x[u] = load_pack<T, Count>(address, offset + static_cast<Index>(u) * width);
    return;
  }
#pragma unroll
  for (int u = 0; u < Groups; ++u) {
#pragma unroll
    for (int v = 0; v < Count; ++v) {
      const Index ahead = static_cast<Index>(u) * width + static_cast<Index>(v);
      x[u].at[v] = ahead < left ? load<T>(address, offset + ahead) : T(0);
    }
  }
}

/// Runs of neighbours that begin at the given places of a source.
template <int Source, class T, int Count, int Groups, int Sources, class Index>
TANDEM_HD inline void load_runs(unsigned long long address, const places<Groups, Sources, Index>& runs,
                                pack<T, Count> (&x)[Groups]) {
  bool aligned = true;
#pragma unroll
  for (int u = 0; u < Groups; ++u) aligned = aligned && is_aligned<T, Count>(address, runs.at[u].at[Source]);
  if (aligned) {
#pragma unroll
    for (int u = 0; u < Groups; ++u) x[u] = load_pack<T, Count>(address, runs.at[u].at[Source]);
    return;
  }
#pragma unroll
  for (int u = 0; u < Groups; ++u) {
#pragma unroll
    for (int v = 0; v < Count; ++v) x[u].at[v] = load<T>(address, runs.at[u].at[Source] + static_cast<Index>(v));
  }
}

/// One element at each place.
template <int Source, class T, int Groups, int Sources, class Index>
TANDEM_HD inline void load_single(unsigned long long address, const places<Groups, Sources, Index>& at,
                                  T (&x)[Groups]) {
#pragma unroll
  for (int u = 0; u < Groups; ++u) x[u] = load<T>(address, at.at[u].at[Source]);
}

/// Neighbours in memory, `left` of them at most.
template <class T, int Count, class Index>
TANDEM_HD inline void store_neighbours(unsigned long long address, Index offset, Index left, const T (&x)[Count]) {
  if (left >= static_cast<Index>(Count) && is_aligned<T, Count>(address, offset)) {
    pack<T, Count> all;
#pragma unroll
    for (int i = 0; i < Count; ++i) all.at[i] = x[i];
    store_pack(address, offset, all);
    return;
  }
#pragma unroll
  for (int i = 0; i < Count; ++i) {
    if (static_cast<Index>(i) < left) *element<T>(address, offset + static_cast<Index>(i)) = x[i];
  }
}

/// A table's row as the combination of two results.
template <class Row>
struct combine_by {
  template <class T>
  static TANDEM_HD T of(T x, T y) {
    return Row::apply(x, y);
  }
};

/// Stores results to the address in word `Target`.
template <int Target>
struct put_element {
  template <class Words, class Index, class T>
  static TANDEM_HD void to(const Words& w, Index offset, T value) {
    *element<T>(w.at[Target], offset) = value;
  }
};

/// How the threads of a block share rows: `columns` rows of `lanes` threads each, lanes a power of two. Where
/// neighbouring rows are neighbours in memory (`Across`), so are their threads.
template <bool Across>
struct block_shape {
  unsigned lanes;
  unsigned columns;
  unsigned lane;
  unsigned column;
  /// From a thread to that of the next lane.
  unsigned lane_step;

  explicit __device__ block_shape(unsigned lanes_of_row) : lanes(lanes_of_row), columns(block_threads / lanes_of_row) {
    if constexpr (Across) {
      column = threadIdx.x % columns;
      lane = threadIdx.x / columns;
      lane_step = columns;
    } else {
      lane = threadIdx.x % lanes;
      column = threadIdx.x / lanes;
      lane_step = 1;
    }
  }
};

/// A part of the work that one block does: a chunk of some rows.
template <class Index>
struct row_work {
  Index row;  ///< of this thread
  Index chunk;
  Index begin;   ///< of the chunk, in the row
  Index extent;  ///< number of the chunk's elements
  Index count;   ///< the same, or 0 if there is no such row
};

/// The words that say how rows are cut, from word `P` on.
enum row_word { rows_word, length_word, chunk_word, chunks_word, row_blocks_word, lanes_word, row_words };

template <int P, class Index, class Words, bool Across>
__device__ inline row_work<Index> row_work_at(const Words& w, Index block, const block_shape<Across>& shape) {
  const Index rows = static_cast<Index>(w.at[P + rows_word]);
  const Index length = static_cast<Index>(w.at[P + length_word]);
  const Index chunk = static_cast<Index>(w.at[P + chunk_word]);
  const Index row_blocks = static_cast<Index>(w.at[P + row_blocks_word]);
  row_work<Index> work;
  work.chunk = block / row_blocks;
  work.row = (block - work.chunk * row_blocks) * static_cast<Index>(shape.columns) + shape.column;
  work.begin = work.chunk * chunk;
  const Index rest = length - work.begin;
  work.extent = rest < chunk ? rest : chunk;
  work.count = work.row < rows ? work.extent : 0;
  return work;
}

}  // namespace td
