#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "vectors.h"

// Reductions that read every element once, with as many accumulators as hide the latency of an addition.
namespace roofline {

inline constexpr int accumulators = 8;

/// Folds all elements: `take` adds an element to a total, `join` one total to another, `first` is the total of nothing.
template <class T, class Take, class Join>
T fold(const T* a, std::int64_t count, T first, Take take, Join join) {
  vec<T> part[accumulators];
  for (auto& each : part) each = vec<T>{} + first;
  std::int64_t i = 0;
  for (; i + accumulators * lanes<T> <= count; i += accumulators * lanes<T>) {
    for (int k = 0; k < accumulators; ++k) part[k] = take(part[k], load(a + i + k * lanes<T>));
  }
  for (; i + lanes<T> <= count; i += lanes<T>) part[0] = take(part[0], load(a + i));
  for (int k = accumulators / 2; k > 0; k /= 2) {
    for (int j = 0; j < k; ++j) part[j] = join(part[j], part[j + k]);
  }
  T all = first;
  for (std::int64_t k = 0; k < lanes<T>; ++k) all = join(all, static_cast<T>(part[0][k]));
  for (; i < count; ++i) all = take(all, a[i]);
  return all;
}

struct plus {
  auto operator()(auto x, auto y) const { return x + y; }
};
struct maximum {
  auto operator()(auto x, auto y) const { return __builtin_elementwise_max(x, y); }
};

template <class T>
T sum(const T* a, std::int64_t count) {
  return fold(a, count, T(0), plus(), plus());
}
template <class T>
T largest(const T* a, std::int64_t count) {
  return fold(a, count, -std::numeric_limits<T>::infinity(), maximum(), maximum());
}

/// Count, mean and sum of squared distances from the mean; two of them combine exactly.
struct moments {
  double count = 0;
  double mean = 0;
  double squares = 0;

  void include(const moments& other) {
    if (other.count == 0) return;
    const double all = count + other.count;
    const double distance = other.mean - mean;
    squares += other.squares + distance * distance * count * other.count / all;
    mean += distance * other.count / all;
    count = all;
  }
};

/// Both passes of a variance over blocks that stay in the first cache, so that memory is read once.
template <class T>
moments variance_moments(const T* a, std::int64_t count) {
  constexpr std::int64_t block = 16384 / static_cast<std::int64_t>(sizeof(T));
  moments all;
  for (std::int64_t first = 0; first < count; first += block) {
    const std::int64_t size = std::min(block, count - first);
    const T mean = sum(a + first, size) / static_cast<T>(size);
    const auto take = [mean](auto total, auto x) {
      const auto distance = x - mean;
      return total + distance * distance;
    };
    const T squares = fold(a + first, size, T(0), take, plus());
    all.include({static_cast<double>(size), static_cast<double>(mean), static_cast<double>(squares)});
  }
  return all;
}

/// Index of the first largest element: the largest of each block by vectors, then one search in the best block.
template <class T>
std::int64_t first_largest(const T* a, std::int64_t count) {
  constexpr std::int64_t block = 16384 / static_cast<std::int64_t>(sizeof(T));
  std::int64_t best_block = 0;
  T best = -std::numeric_limits<T>::infinity();
  for (std::int64_t first = 0; first < count; first += block) {
    const T here = largest(a + first, std::min(block, count - first));
    if (here > best) {
      best = here;
      best_block = first;
    }
  }
  std::int64_t at = best_block;
  while (at + 1 < count && a[at] != best) ++at;
  return at;
}

/// to[j] += the sum of a[i][j] over the rows; rows are `step` elements apart. Four rows at once, so that the totals are
/// read and written a quarter as often.
template <class T>
void add_rows(const T* a, std::int64_t rows, std::int64_t step, std::int64_t columns, T* to) {
  std::int64_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    const T* const row = a + i * step;
#pragma omp simd
    for (std::int64_t j = 0; j < columns; ++j) {
      to[j] += (row[j] + row[j + step]) + (row[j + 2 * step] + row[j + 3 * step]);
    }
  }
  for (; i < rows; ++i) {
#pragma omp simd
    for (std::int64_t j = 0; j < columns; ++j) to[j] += a[i * step + j];
  }
}

/// As `add_rows` for rows without gaps that are shorter than some vectors: several are joined to one long row, whose
/// totals are joined at the end.
template <class T>
void add_short_rows(const T* a, std::int64_t rows, std::int64_t columns, T* to) {
  const std::int64_t joined = std::min(rows, std::max<std::int64_t>(1, 8 * lanes<T> / columns + 1));
  const std::int64_t whole = rows / joined;
  std::vector<T> totals(static_cast<std::size_t>(joined * columns));
  add_rows(a, whole, joined * columns, joined * columns, totals.data());
  add_rows(totals.data(), joined, columns, columns, to);
  add_rows(a + whole * joined * columns, rows - whole * joined, columns, columns, to);
}

/// to[i] = the sum of row i.
template <class T>
void row_sums(const T* a, std::int64_t rows, std::int64_t columns, T* to) {
  if (columns >= 4 * lanes<T>) {
    for (std::int64_t i = 0; i < rows; ++i) to[i] = sum(a + i * columns, columns);
    return;
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    T total = 0;
#pragma omp simd reduction(+ : total)
    for (std::int64_t j = 0; j < columns; ++j) total += a[i * columns + j];
    to[i] = total;
  }
}

}  // namespace roofline
