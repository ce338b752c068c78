#pragma once

#include "cuda/device/words.h"

// Iteration spaces in a kernel's words; cuda/codegen/space.h puts them there.
namespace td {

/// Where an element lies in each source, in elements from the source's address. Unsigned arithmetic that may wrap: the
/// offset is that of the signed type.
template <int Sources, class Index>
struct offsets {
  Index at[Sources > 0 ? Sources : 1] = {};
};

/// linear / extent. 32-bit numbers are below 2^31 and `multiplier`, of cuda/codegen/space.h, replaces the division.
TANDEM_HD inline unsigned divided(unsigned linear, unsigned long long, unsigned long long multiplier) {
  const unsigned high = static_cast<unsigned>((linear * (multiplier & 0xffffffffULL)) >> 32);
  return high >> static_cast<unsigned>(multiplier >> 32);
}
TANDEM_HD inline unsigned long long divided(unsigned long long linear, unsigned long long extent, unsigned long long) {
  return linear / extent;
}

/// Number of words of a space.
TANDEM_HD constexpr int space_words(int axes, int sources) { return axes * (2 + sources); }

/// Adds, for each source, coordinate * stride over the axes of the element with this row-major number. The space's
/// words begin at `first`: for each axis its extent and multiplier, then for each source its strides. No extent but the
/// first is 1: cuda/codegen/space.h leaves such axes out.
template <int Axes, int Sources, class Index, class Words>
TANDEM_HD inline void add_offsets(const Words& w, int first, Index linear, offsets<Sources, Index>& o) {
  if constexpr (Axes > 0 && Sources > 0) {
    TANDEM_UNROLL
    for (int axis = Axes - 1; axis > 0; --axis) {
      const unsigned long long extent = w.at[first + 2 * axis];
      const Index rest = divided(linear, extent, w.at[first + 2 * axis + 1]);
      const Index coordinate = linear - rest * static_cast<Index>(extent);
      TANDEM_UNROLL
      for (int s = 0; s < Sources; ++s) {
        o.at[s] += coordinate * static_cast<Index>(w.at[first + 2 * Axes + s * Axes + axis]);
      }
      linear = rest;
    }
    TANDEM_UNROLL
    for (int s = 0; s < Sources; ++s) o.at[s] += linear * static_cast<Index>(w.at[first + 2 * Axes + s * Axes]);
  }
}

}  // namespace td
