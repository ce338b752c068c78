#pragma once

#include "cuda/device/rows.h"

// Searches for the largest or smallest elements are reductions of elements with their positions. The order of
// combination does not matter: of equals, and of several nan, the one with the lowest position wins.
namespace td {

/// An element and its position in the row.
template <class T, class Index>
struct candidate {
  T value;
  Index position;
};

/// Rows of elements with their positions. `Rows` are those of the elements. Positions are the elements' numbers in the
/// row, or, if they are `Strided`, distances in the target, whose strides along worked axes say how positions are
/// counted.
template <class Rows, bool Strided>
struct candidate_rows {
  using value_type = typename Rows::item;
  using index = typename Rows::index;
  using item = candidate<value_type, index>;
  using start = typename Rows::start;

  template <class Words>
  static TANDEM_HD start row_at(const Words& w, index number) {
    return Rows::row_at(w, number);
  }

  template <int Groups, int Neighbours, class Words>
  static TANDEM_HD void load(const Words& w, const start& from, index e, index width, index left,
                             item (&x)[Groups][Neighbours]) {
    value_type values[Groups][Neighbours];
    Rows::template load<Groups, Neighbours>(w, from, e, width, left, values);
#pragma unroll
    for (int u = 0; u < Groups; ++u) {
#pragma unroll
      for (int v = 0; v < Neighbours; ++v) {
        const index number = e + static_cast<index>(u) * width + static_cast<index>(v);
        if constexpr (Strided) {
          x[u][v] = {values[u][v], Rows::target_distance(w, from, number)};
        } else {
          x[u][v] = {values[u][v], number};
        }
      }
    }
  }
};

/// A chain of the best of each chunk, as `put_candidate` left them: values at word 0, positions at word 1. Positions
/// are those in whole rows, which 32 bits may not hold where they hold the number of chunks.
template <class T>
struct stored_candidates {
  using value_type = candidate<T, long long>;
  static constexpr int sources = 2;

  template <class Words, class Index>
  static TANDEM_HD value_type at(const Words& w, const offsets<2, Index>& o) {
    return compute(w, load<T>(w.at[0], o.at[0]), load<long long>(w.at[1], o.at[1]));
  }
  template <class Words>
  static TANDEM_HD value_type compute(const Words&, T value, long long position) {
    return {value, position};
  }
};

/// Stores values to the address in word `Values`, positions to the one in word `Positions`.
template <int Values, int Positions>
struct put_candidate {
  template <class Words, class Index, class T, class Position>
  static TANDEM_HD void to(const Words& w, Index offset, const candidate<T, Position>& best) {
    *element<T>(w.at[Values], offset) = best.value;
    *element<long long>(w.at[Positions], offset) = static_cast<long long>(best.position);
  }
};

template <int Positions>
struct put_position {
  template <class Words, class Index, class T, class Position>
  static TANDEM_HD void to(const Words& w, Index offset, const candidate<T, Position>& best) {
    *element<long long>(w.at[Positions], offset) = static_cast<long long>(best.position);
  }
};

/// nan is beyond everything.
template <bool Largest>
struct better_candidate {
  template <class T, class Index>
  static TANDEM_HD candidate<T, Index> of(const candidate<T, Index>& x, const candidate<T, Index>& y) {
    const bool x_is_nan = x.value != x.value;
    const bool y_is_nan = y.value != y.value;
    const bool y_is_beyond = y_is_nan ? !x_is_nan : !x_is_nan && (Largest ? y.value > x.value : y.value < x.value);
    const bool are_equal = y.value == x.value || (x_is_nan && y_is_nan);
    return y_is_beyond || (are_equal && y.position < x.position) ? y : x;
  }
};

}  // namespace td
