#pragma once

#include "cuda/device/space.h"
#include "cuda/device/words.h"

// Loops of element-wise kernels. `Operands<Count>` is written for each kernel by cuda/codegen/elementwise.cpp: it loads
// the operands of a run, `Count` neighbours along the fastest axis, and computes the value of each. All loops stride by
// the grid: any number of blocks does all the work, and in-place work is right, because each thread reads a run before
// it writes it.
namespace td {

inline constexpr unsigned elementwise_threads = 256;

template <class Value, int Count, class Operands, class Words, class Index>
TANDEM_HD inline void finish_run(const Operands& held, const Words& w, unsigned long long target, Index offset) {
  pack<Value, Count> values;
  TANDEM_UNROLL
  for (int j = 0; j < Count; ++j) values.at[j] = held.compute(w, j);
  store_pack(target, offset, values);
}

/// Runs begin at element `first` and lie one after the other in all operands that have neighbours at all. Loads of
/// `Unroll` runs are under way at once.
template <template <int> class Operands, class Value, int Count, int Unroll, class Index, class Words>
__device__ inline void linear_runs(const Words& w, unsigned long long target, Index first, Index runs) {
  constexpr Index part = elementwise_threads * Unroll;
  const Index stride = static_cast<Index>(gridDim.x) * part;
  for (Index base = static_cast<Index>(blockIdx.x) * part; base < runs; base += stride) {
    const Index begin = base + threadIdx.x;
    if (Unroll > 1 && base + part <= runs) {
      Operands<Count> held[Unroll];
      TANDEM_UNROLL
      for (int u = 0; u < Unroll; ++u) held[u].load(w, first + (begin + u * elementwise_threads) * Count);
      TANDEM_UNROLL
      for (int u = 0; u < Unroll; ++u) {
        finish_run<Value, Count>(held[u], w, target, first + (begin + u * elementwise_threads) * Count);
      }
    } else {
      const Index end = runs - base < part ? runs : base + part;
      TANDEM_NO_UNROLL
      for (Index run = begin; run < end; run += elementwise_threads) {
        Operands<Count> held;
        held.load(w, first + run * Count);
        finish_run<Value, Count>(held, w, target, first + run * Count);
      }
    }
  }
}

/// All `count` elements, by runs if `aligned` says that accesses of whole runs are allowed.
template <template <int> class Operands, class Value, int Count, int Unroll, int UnrollOfOne, class Index, class Words>
__device__ inline void linear(const Words& w, unsigned long long target, Index count, [[maybe_unused]] bool aligned) {
  Index done = 0;
  if constexpr (Count > 1) {
    if (aligned) {
      linear_runs<Operands, Value, Count, Unroll, Index>(w, target, 0, count / Count);
      done = count / Count * Count;
    }
  }
  linear_runs<Operands, Value, 1, UnrollOfOne, Index>(w, target, done, count - done);
}

/// Runs of a space of `Axes` axes, whose words begin at `space`; the target is the operand after the sources. Strides
/// are those from run to run, all of which begin where accesses of whole runs may.
template <template <int> class Operands, class Value, int Sources, int Axes, int Count, int Unroll, class Index,
          class Words>
__device__ inline void strided(const Words& w, int space, unsigned long long target, Index runs) {
  constexpr Index part = elementwise_threads * Unroll;
  const Index stride = static_cast<Index>(gridDim.x) * part;
  for (Index base = static_cast<Index>(blockIdx.x) * part; base < runs; base += stride) {
    const Index begin = base + threadIdx.x;
    if (Unroll > 1 && base + part <= runs) {
      Operands<Count> held[Unroll];
      Index offset[Unroll];
      TANDEM_UNROLL
      for (int u = 0; u < Unroll; ++u) {
        offsets<Sources + 1, Index> o;
        add_offsets<Axes>(w, space, begin + u * elementwise_threads, o);
        held[u].load(w, o);
        offset[u] = o.at[Sources];
      }
      TANDEM_UNROLL
      for (int u = 0; u < Unroll; ++u) finish_run<Value, Count>(held[u], w, target, offset[u]);
    } else {
      const Index end = runs - base < part ? runs : base + part;
      TANDEM_NO_UNROLL
      for (Index run = begin; run < end; run += elementwise_threads) {
        offsets<Sources + 1, Index> o;
        add_offsets<Axes>(w, space, run, o);
        Operands<Count> held;
        held.load(w, o);
        finish_run<Value, Count>(held, w, target, o.at[Sources]);
      }
    }
  }
}

/// What an operand of a kernel compiled ahead of time is, which is not known until it runs.
enum operand_kind : unsigned { elements = 0, one_element = 1, number_in_words = 2 };

/// The operand whose address, number (two words) and kind are the words from `first` on.
template <class T, int Count, class Words, class Index>
TANDEM_HD inline pack<T, Count> load_operand(const Words& w, int first, Index offset) {
  const unsigned kind = static_cast<unsigned>(w.at[first + 3]);
  if (kind == elements) return load_pack<T, Count>(w.at[first], offset);
  T value;
  if (kind == one_element) {
    value = load<T>(w.at[first], Index(0));
  } else if constexpr (math::is_same_v<T, complex<double>>) {
    value = number(w.at[first + 1], w.at[first + 2]);
  } else {
    value = number<T>(w.at[first + 1]);
  }
  pack<T, Count> same;
  TANDEM_UNROLL
  for (int j = 0; j < Count; ++j) same.at[j] = value;
  return same;
}

/// Whether runs of `bytes` of the operand may be accessed at once.
template <int Bytes, class Words>
TANDEM_HD inline bool operand_aligned(const Words& w, int first) {
  return static_cast<unsigned>(w.at[first + 3]) != elements || (w.at[first] & (Bytes < 16 ? Bytes - 1 : 15)) == 0;
}

}  // namespace td
