#pragma once

#include <cmath>

#include "vectors.h"

// Element-wise loops over contiguous memory, a transposed operand and every second column.
namespace roofline {

/// The constants of exp(x) = 2^n p(x - n ln 2): Taylor's p, whose next term is below half a unit in the last place.
template <class T>
struct exp_constants;
template <>
struct exp_constants<double> {
  using bits = std::int64_t;
  static constexpr int mantissa_bits = 52;
  static constexpr double low = -708;
  static constexpr double high = 709;
  // ln 2 in two parts; n times the first is exact.
  static constexpr double ln2_head = 0x1.62e42fefa0000p-1;
  static constexpr double ln2_tail = 0x1.cf79abc9e3b3ap-40;
  static constexpr double terms[] = {
      1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
      1.0 / 720,        1.0 / 120,       1.0 / 24,       1.0 / 6,       1.0 / 2,      1.0,         1.0};
};
template <>
struct exp_constants<float> {
  using bits = std::int32_t;
  static constexpr int mantissa_bits = 23;
  static constexpr float low = -87;
  static constexpr float high = 88;
  static constexpr float ln2_head = 0x1.62e4p-1F;
  static constexpr float ln2_tail = 0x1.7f7d1cp-20F;
  static constexpr float terms[] = {1.0F / 5040, 1.0F / 720, 1.0F / 120, 1.0F / 24, 1.0F / 6, 1.0F / 2, 1.0F, 1.0F};
};

/// exp, clamped where it would be denormal or infinite; the compiler fuses multiplications with additions.
template <class T>
vec<T> exponential(vec<T> x) {
  using constants = exp_constants<T>;
  using integers [[gnu::vector_size(vector_bytes)]] = typename constants::bits;
  constexpr int mantissa_bits = constants::mantissa_bits;
  // Adding this rounds to an integer, which is then in the low bits.
  constexpr T shifter = static_cast<T>(std::int64_t{3} << (mantissa_bits - 1));
  constexpr T log2_e = static_cast<T>(1.4426950408889634074);
  const vec<T> zero{};
  x = __builtin_elementwise_max(__builtin_elementwise_min(x, zero + constants::high), zero + constants::low);
  const vec<T> shifted = x * log2_e + shifter;
  const vec<T> n = shifted - shifter;
  vec<T> r = x - n * constants::ln2_head;
  r = r - n * constants::ln2_tail;
  vec<T> p = zero;
  for (const T term : constants::terms) p = p * r + term;
  return reinterpret_cast<vec<T>>(reinterpret_cast<integers>(p) +
                                  (reinterpret_cast<integers>(shifted) << mantissa_bits));
}

struct add {
  auto operator()(auto x, auto y) const { return x + y; }
};
template <class T>
struct chain {
  auto operator()(auto x, auto y) const { return x * y + T(0.5) * x - y; }
};
struct exponent {
  double operator()(double x, double) const { return std::exp(x); }
  float operator()(float x, float) const { return std::exp(x); }
  vec<double> operator()(vec<double> x, vec<double>) const { return exponential<double>(x); }
  vec<float> operator()(vec<float> x, vec<float>) const { return exponential<float>(x); }
};

enum class stores { ordinary, streaming };

template <stores Stores, class T>
void put(T* to, vec<T> value) {
  if constexpr (Stores == stores::streaming) {
    stream(to, value);
  } else {
    store(to, value);
  }
}

/// c[i] = operation(a[i], b[i]). `c` is aligned to a vector.
template <stores Stores, class T, class Operation>
void map(const T* a, const T* b, T* c, std::int64_t count, Operation operation) {
  std::int64_t i = 0;
#pragma clang loop unroll_count(4)
  for (; i + lanes<T> <= count; i += lanes<T>) put<Stores>(c + i, operation(load(a + i), load(b + i)));
#pragma clang loop vectorize(disable) unroll(disable)
  for (; i < count; ++i) c[i] = operation(a[i], b[i]);
}

inline constexpr std::int64_t tile = 8;

/// An 8 x 8 tile: to[i][j] = a[j][i] + b[i][j], transposed in registers by three rounds of shuffles.
template <stores Stores, class T>
void add_transposed_tile(const T* a, std::int64_t a_step, const T* b, T* to, std::int64_t step) {
  using row [[gnu::vector_size(tile * sizeof(T))]] = T;
  row r[tile];
  row s[tile];
  for (int i = 0; i < tile; ++i) std::memcpy(&r[i], a + i * a_step, sizeof(row));
  for (int i = 0; i < tile; i += 2) {
    s[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    s[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int i = 0; i < tile; i += 4) {
    for (int j = i; j < i + 2; ++j) {
      r[j] = __builtin_shufflevector(s[j], s[j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      r[j + 2] = __builtin_shufflevector(s[j], s[j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int j = 0; j < 4; ++j) {
    s[j] = __builtin_shufflevector(r[j], r[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    s[j + 4] = __builtin_shufflevector(r[j], r[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
  for (int i = 0; i < tile; ++i) {
    row other;
    std::memcpy(&other, b + i * step, sizeof(row));
    const row sum = s[i] + other;
    if constexpr (Stores == stores::streaming) {
      __builtin_nontemporal_store(sum, reinterpret_cast<row*>(to + i * step));
    } else {
      std::memcpy(to + i * step, &sum, sizeof(row));
    }
  }
}

/// c = a.T + b for rows [rows.begin, rows.end) of c, all square with side `n`. Boundaries of `rows` are multiples of
/// the tile; streaming needs an `n` that is one, too.
template <stores Stores, class T>
void add_transposed(const T* a, const T* b, T* c, std::int64_t n, range rows) {
  // So many columns at once that a's lines, of which a tile uses a part, are still cached for the next rows.
  constexpr std::int64_t block = 256;
  const std::int64_t whole = n / tile * tile;
  for (std::int64_t first = 0; first < n; first += block) {
    const std::int64_t last = std::min(first + block, n);
    for (std::int64_t i = rows.begin; i < rows.end; i += tile) {
      std::int64_t j = first;
      if (i + tile <= whole) {
        for (; j + tile <= last; j += tile) {
          add_transposed_tile<Stores>(a + j * n + i, n, b + i * n + j, c + i * n + j, n);
        }
      }
      for (std::int64_t k = i; k < std::min(i + tile, rows.end); ++k) {
        for (std::int64_t l = j; l < last; ++l) c[k * n + l] = a[l * n + k] + b[k * n + l];
      }
    }
  }
}

/// c[i] = 2 * a[2 i]. `c` is aligned to a vector, or the stores are ordinary.
template <stores Stores, class T>
void double_every_second(const T* a, T* c, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + lanes<T> <= count; i += lanes<T>) {
    const vec<T> low = load(a + 2 * i);
    const vec<T> high = load(a + 2 * i + lanes<T>);
    vec<T> even;
    if constexpr (lanes<T> == 16) {
      even = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    } else if constexpr (lanes<T> == 8) {
      even = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14);
    } else {
      even = __builtin_shufflevector(low, high, 0, 2, 4, 6);
    }
    put<Stores>(c + i, even * T(2));
  }
  for (; i < count; ++i) c[i] = a[2 * i] * T(2);
}

}  // namespace roofline
