#pragma once

#include "cuda/device/copy_words.h"
#include "cuda/device/space.h"
#include "cuda/device/words.h"

// Copies of elements of any dtype of a size, between layouts of any number of axes, and filling with one number. One
// kernel serves all: only what is compiled with the library can run at once.
namespace td {

template <class Item, class Index>
__device__ inline void copy_strided(const words<copy_words>& w) {
  const Index count = static_cast<Index>(w.at[copy_count]);
  const int axes = static_cast<int>(w.at[copy_axes]);
  const bool fills = w.at[copy_from_number] != 0;
  Item value{};
  if constexpr (sizeof(Item) == 16) {
    value = Item{w.at[copy_number], w.at[copy_number + 1]};
  } else {
    value.at = static_cast<decltype(value.at)>(w.at[copy_number]);
  }
  const Index stride = static_cast<Index>(gridDim.x) * blockDim.x;
  for (Index i = static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += stride) {
    Index rest = i;
    Index from = 0;
    Index to = 0;
    TANDEM_NO_UNROLL
    for (int axis = axes - 1; axis >= 0; --axis) {
      const int at = copy_space + copy_axis_words * axis;
      const Index quotient = axis > 0 ? divided(rest, w.at[at], w.at[at + 1]) : Index(0);
      const Index coordinate = rest - quotient * static_cast<Index>(w.at[at]);
      from += coordinate * static_cast<Index>(w.at[at + 2]);
      to += coordinate * static_cast<Index>(w.at[at + 3]);
      rest = quotient;
    }
    *element<Item>(w.at[copy_target], to) = fills ? value : load<Item>(w.at[copy_source], from);
  }
}

}  // namespace td
