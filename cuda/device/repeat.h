#pragma once

#include "cuda/device/space.h"

// Repeats elements along an axis.
namespace td {

/// The first position whose copies end behind `place`: position p has the places from ends[p - 1] to ends[p] - 1.
template <class Index>
TANDEM_HD inline Index position_of(unsigned long long ends, Index step, Index count, Index place) {
  Index low = 0;
  Index high = count - 1;
  while (low < high) {
    const Index middle = low + (high - low) / 2;
    if (load<long long>(ends, middle * step) > static_cast<long long>(place)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/// Words: 0 x, 1 target, 2 ends (addresses); 3 number of elements of the target; 4 positions in x, 5 their stride
/// there, 6 the stride of the ends; then a space over the target's axes of three operands: x without the repeated axis,
/// the target, and the place along the axis. `T` is a type of the element's size.
template <class T, int Axes, class Index, class Words>
__device__ inline void repeat(const Words& w) {
  const unsigned long long count = w.at[3];
  const unsigned long long stride = static_cast<unsigned long long>(gridDim.x) * blockDim.x;
  for (unsigned long long i = static_cast<unsigned long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < count;
       i += stride) {
    offsets<3, Index> o;
    add_offsets<Axes, 3, Index>(w, 7, static_cast<Index>(i), o);
    const Index position = position_of(w.at[2], static_cast<Index>(w.at[6]), static_cast<Index>(w.at[4]), o.at[2]);
    *element<T>(w.at[1], o.at[1]) = load<T>(w.at[0], o.at[0] + position * static_cast<Index>(w.at[5]));
  }
}

}  // namespace td
