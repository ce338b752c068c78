#include "backend/cpu/loops/isa.h"
#include "backend/cpu/loops/loops.h"

#if TANDEM_ISA_LEVEL > 0
#include <immintrin.h>
#endif

TANDEM_LOOPS_BEGIN

#include "ops/formulas/rows.h"

// Exponentials, logarithms, trigonometric and hyperbolic functions, mostly by SLEEF, a register at a time. Every
// element goes through the same function, also the last ones of a loop, so that a result does not depend on where in an
// array it is. SLEEF's finz variants use fused multiply-adds, its cinz variants none.

#if TANDEM_ISA_LEVEL == 4
#define TANDEM_SLEEF_DOUBLE(function) Sleef_finz_##function##d8_u10avx512f
#define TANDEM_SLEEF_FLOAT(function) Sleef_finz_##function##f16_u10avx512f
using sleef_double = __m512d;
using sleef_float = __m512;
#elif TANDEM_ISA_LEVEL == 3
#define TANDEM_SLEEF_DOUBLE(function) Sleef_finz_##function##d4_u10avx2
#define TANDEM_SLEEF_FLOAT(function) Sleef_finz_##function##f8_u10avx2
using sleef_double = __m256d;
using sleef_float = __m256;
#elif TANDEM_ISA_LEVEL == 2
#define TANDEM_SLEEF_DOUBLE(function) Sleef_cinz_##function##d2_u10sse4
#define TANDEM_SLEEF_FLOAT(function) Sleef_cinz_##function##f4_u10sse4
using sleef_double = __m128d;
using sleef_float = __m128;
#else
#define TANDEM_SLEEF_DOUBLE(function) Sleef_cinz_##function##d1_u10purec
#define TANDEM_SLEEF_FLOAT(function) Sleef_cinz_##function##f1_u10purec
using sleef_double = double;
using sleef_float = float;
#endif

// With fused multiply-adds exp is short enough to be written here: 10,000 float64 take 4.2 us, by calls of SLEEF 7.0
// (AMD Zen 5, AVX-512, 2026-11).
#if TANDEM_ISA_LEVEL >= 3
#define TANDEM_SLEEF_EXP(each)
#else
#define TANDEM_SLEEF_EXP(each) each(exp, 1e308, 1e38F)
#endif

// The operations, and where SLEEF 3.5 is within its bound: the magnitude of x is at most this for doubles, for floats.
// Beyond it, and for denormal numbers, the row's own formula is used. The C library's tan of floats (glibc 2.36) is not
// within 1 ulp for 42 numbers over 1e38, SLEEF's is for all.
#define TANDEM_VECTOR_MATH_ONE(each)                                                                            \
  TANDEM_SLEEF_EXP(each)                                                                                        \
  each(expm1, 1e308, 1e38F) each(log, 1e308, 1e38F) each(log1p, 1e307, 1e38F) each(log2, 1e308, 1e38F)          \
      each(log10, 1e308, 1e38F) each(sin, 1e308, 1e38F) each(cos, 1e308, 1e38F) each(tan, 1e308, 3.4028235e38F) \
          each(asin, 1e308, 1e38F) each(acos, 1e308, 1e38F) each(atan, 1e308, 1e38F) each(sinh, 709, 88.5F)     \
              each(cosh, 709, 88.5F) each(tanh, 1e308, 1e38F) each(asinh, 1.34e154, 1.84e19F)                   \
                  each(acosh, 1.34e154, 1.84e19F) each(atanh, 1e308, 1e38F)

extern "C" {
#define TANDEM_DECLARE(function, most_double, most_float)   \
  sleef_double TANDEM_SLEEF_DOUBLE(function)(sleef_double); \
  sleef_float TANDEM_SLEEF_FLOAT(function)(sleef_float);
TANDEM_VECTOR_MATH_ONE(TANDEM_DECLARE)
sleef_double TANDEM_SLEEF_DOUBLE(pow)(sleef_double, sleef_double);
sleef_float TANDEM_SLEEF_FLOAT(pow)(sleef_float, sleef_float);
sleef_double TANDEM_SLEEF_DOUBLE(atan2)(sleef_double, sleef_double);
sleef_float TANDEM_SLEEF_FLOAT(atan2)(sleef_float, sleef_float);
}

namespace tandem::backend::kernels::TANDEM_ISA {

namespace {

// Not by std::conditional_t: g++ warns that template arguments lose the attributes of vector types.
template <class T>
struct sleef_vector_of;
template <>
struct sleef_vector_of<double> {
  using type = sleef_double;
};
template <>
struct sleef_vector_of<float> {
  using type = sleef_float;
};
template <class T>
using sleef_vector = typename sleef_vector_of<T>::type;

template <class T>
inline constexpr std::int64_t sleef_lanes = sizeof(sleef_vector<T>) / sizeof(T);

template <class T>
sleef_vector<T> load(const T* from) {
  sleef_vector<T> value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
void store(T* to, sleef_vector<T> value) {
  std::memcpy(to, &value, sizeof value);
}

#if TANDEM_ISA_LEVEL >= 3

#if TANDEM_ISA_LEVEL == 4
sleef_double multiply_add(sleef_double x, sleef_double y, sleef_double z) { return _mm512_fmadd_pd(x, y, z); }
sleef_float multiply_add(sleef_float x, sleef_float y, sleef_float z) { return _mm512_fmadd_ps(x, y, z); }
#else
sleef_double multiply_add(sleef_double x, sleef_double y, sleef_double z) { return _mm256_fmadd_pd(x, y, z); }
sleef_float multiply_add(sleef_float x, sleef_float y, sleef_float z) { return _mm256_fmadd_ps(x, y, z); }
#endif

template <class T>
struct exp_numbers;
template <>
struct exp_numbers<double> {
  using bits = std::int64_t;
  static constexpr int mantissa_bits = 52;
  // Results of magnitudes up to this are normal numbers.
  static constexpr double most = 708;
  // ln 2 in two parts; a whole number times the first is exact.
  static constexpr double ln2_head = 0x1.62e42fefa0000p-1;
  static constexpr double ln2_tail = 0x1.cf79abc9e3b3ap-40;
  // Taylor's, from the highest: |r| <= ln 2 / 2 makes the next one less than a hundredth of an ulp.
  static constexpr double terms[] = {
      1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
      1.0 / 720,        1.0 / 120,       1.0 / 24,       1.0 / 6,       1.0 / 2,      1.0,         1.0};
};
template <>
struct exp_numbers<float> {
  using bits = std::int32_t;
  static constexpr int mantissa_bits = 23;
  static constexpr float most = 87;
  static constexpr float ln2_head = 0x1.62e4p-1F;
  static constexpr float ln2_tail = 0x1.7f7d1cp-20F;
  static constexpr float terms[] = {1.0F / 5040, 1.0F / 720, 1.0F / 120, 1.0F / 24, 1.0F / 6, 1.0F / 2, 1.0F, 1.0F};
};

// e^x = 2^n p(r), r = x - n ln 2: n is the nearest whole number to x / ln 2, p the sum of the first terms of e^r. The
// roundings of r and of the last two sums come to less than 1 ulp: 0.94 in all of float32, 0.88 in 60 million float64
// numbers.
template <class T>
sleef_vector<T> exponential(sleef_vector<T> x) {
  using numbers = exp_numbers<T>;
  typedef typename numbers::bits bits __attribute__((vector_size(sizeof(sleef_vector<T>))));
  constexpr int mantissa_bits = numbers::mantissa_bits;
  // Adding it rounds to a whole number, which then is in the low bits.
  constexpr T shifter = static_cast<T>(std::int64_t{3} << (mantissa_bits - 1));
  const sleef_vector<T> zero{};
  const sleef_vector<T> shifted = multiply_add(x, zero + T(1.4426950408889634074), zero + shifter);
  const sleef_vector<T> n = shifted - shifter;
  const sleef_vector<T> r = multiply_add(n, zero - numbers::ln2_tail, multiply_add(n, zero - numbers::ln2_head, x));
  sleef_vector<T> p = zero + numbers::terms[0];
  for (std::size_t i = 1; i < std::size(numbers::terms); ++i) p = multiply_add(p, r, zero + numbers::terms[i]);
  return reinterpret_cast<sleef_vector<T>>(reinterpret_cast<bits>(p) +
                                           (reinterpret_cast<bits>(shifted) << mantissa_bits));
}

#endif

// Whether x is 0 or a normal number of at most this magnitude; false for nan.
template <class T>
bool is_within(T x, T most) {
  const T magnitude = std::fabs(x);
  return (magnitude <= most) & ((magnitude >= std::numeric_limits<T>::min()) | (magnitude == 0));
}

template <class T>
bool all_within(const T* x, T most) {
  bool within = true;
  for (std::int64_t k = 0; k < sleef_lanes<T>; ++k) within = within & is_within(x[k], most);
  return within;
}

template <class Row, class T, auto Function, T Most>
void vector_block(const T* x, T* to) {
  // Read before it is written: `to` may be `x`.
  T own[sleef_lanes<T>];
  std::memcpy(own, x, sizeof own);
  store(to, Function(load(own)));
  if (all_within(own, Most)) return;
  for (std::int64_t k = 0; k < sleef_lanes<T>; ++k) {
    if (!is_within(own[k], Most)) to[k] = Row::apply(own[k]);
  }
}

template <class Row, class T, auto Function, T Most>
void vector_one(const std::byte* const* in, std::byte* out, std::int64_t count) {
  constexpr std::int64_t lanes = sleef_lanes<T>;
  const T* x = reinterpret_cast<const T*>(in[0]);
  T* to = reinterpret_cast<T*>(out);
  std::int64_t i = 0;
  // Looking at many elements first leaves nothing between the calls.
  constexpr std::int64_t batch = 64 * lanes;
  for (; i + batch <= count; i += batch) {
    bool within = true;
    for (std::int64_t k = 0; k < batch; ++k) within = within & is_within(x[i + k], Most);
    if (within) {
      for (std::int64_t k = 0; k < batch; k += lanes) store(to + i + k, Function(load(x + i + k)));
    } else {
      for (std::int64_t k = 0; k < batch; k += lanes) vector_block<Row, T, Function, Most>(x + i + k, to + i + k);
    }
  }
  for (; i + lanes <= count; i += lanes) vector_block<Row, T, Function, Most>(x + i, to + i);
  if (i == count) return;
  T rest[lanes];
  std::fill_n(rest, lanes, T(1));
  const std::size_t rest_bytes = static_cast<std::size_t>(count - i) * sizeof(T);
  std::memcpy(rest, x + i, rest_bytes);
  vector_block<Row, T, Function, Most>(rest, rest);
  std::memcpy(to + i, rest, rest_bytes);
}

// Where the result is infinite, nan or less than the smallest normal number, the row's formula decides: pow overflows a
// little early.
template <class Row, class T, auto Function>
void vector_block(const T* x, const T* y, T* to) {
  T own_x[sleef_lanes<T>];
  T own_y[sleef_lanes<T>];
  std::memcpy(own_x, x, sizeof own_x);
  std::memcpy(own_y, y, sizeof own_y);
  T result[sleef_lanes<T>];
  store(result, Function(load(own_x), load(own_y)));
  if (!all_within(result, std::numeric_limits<T>::max())) {
    for (std::int64_t k = 0; k < sleef_lanes<T>; ++k) {
      if (!is_within(result[k], std::numeric_limits<T>::max())) result[k] = Row::apply(own_x[k], own_y[k]);
    }
  }
  std::memcpy(to, result, sizeof result);
}

template <class Row, class T, auto Function>
void vector_two(const std::byte* const* in, std::byte* out, std::int64_t count) {
  constexpr std::int64_t lanes = sleef_lanes<T>;
  const T* x = reinterpret_cast<const T*>(in[0]);
  const T* y = reinterpret_cast<const T*>(in[1]);
  T* to = reinterpret_cast<T*>(out);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) vector_block<Row, T, Function>(x + i, y + i, to + i);
  if (i == count) return;
  T rest_x[lanes];
  T rest_y[lanes];
  std::fill_n(rest_x, lanes, T(1));
  std::fill_n(rest_y, lanes, T(1));
  const std::size_t rest_bytes = static_cast<std::size_t>(count - i) * sizeof(T);
  std::memcpy(rest_x, x + i, rest_bytes);
  std::memcpy(rest_y, y + i, rest_bytes);
  vector_block<Row, T, Function>(rest_x, rest_y, rest_x);
  std::memcpy(to + i, rest_x, rest_bytes);
}

}  // namespace

map_kernel vector_math(ops::op which, dtype type) {
  const bool is_double = type == dtype::float64;
  switch (which) {
#define TANDEM_CASE(function, most_double, most_float)                                                              \
  case ops::op::function:                                                                                           \
    return is_double                                                                                                \
               ? &vector_one<formulas::function##_row, double, &TANDEM_SLEEF_DOUBLE(function), double(most_double)> \
               : &vector_one<formulas::function##_row, float, &TANDEM_SLEEF_FLOAT(function), most_float>;
    TANDEM_VECTOR_MATH_ONE(TANDEM_CASE)
#if TANDEM_ISA_LEVEL >= 3
    case ops::op::exp:
      return is_double ? &vector_one<formulas::exp_row, double, &exponential<double>, exp_numbers<double>::most>
                       : &vector_one<formulas::exp_row, float, &exponential<float>, exp_numbers<float>::most>;
#endif
    case ops::op::pow:
      return is_double ? &vector_two<formulas::pow_row, double, &TANDEM_SLEEF_DOUBLE(pow)>
                       : &vector_two<formulas::pow_row, float, &TANDEM_SLEEF_FLOAT(pow)>;
    case ops::op::atan2:
      return is_double ? &vector_two<formulas::atan2_row, double, &TANDEM_SLEEF_DOUBLE(atan2)>
                       : &vector_two<formulas::atan2_row, float, &TANDEM_SLEEF_FLOAT(atan2)>;
    default: return nullptr;
  }
}

}  // namespace tandem::backend::kernels::TANDEM_ISA

TANDEM_LOOPS_END
