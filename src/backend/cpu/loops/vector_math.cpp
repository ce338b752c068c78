#include "backend/cpu/loops/isa.h"
#include "backend/cpu/loops/loops.h"

#if TANDEM_ISA_LEVEL > 0
#include <immintrin.h>
#endif

TANDEM_LOOPS_BEGIN

#include "ops/formulas/rows.h"

// Exponentials, logarithms, trigonometric and hyperbolic functions by SLEEF, a register at a time, within 1 ulp. Every
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

// The operations, and where SLEEF 3.5 is within its bound: the magnitude of x is at most this for doubles, for floats.
// Beyond it, and for denormal numbers, the row's own formula is used. The C library's tan of floats (glibc 2.36) is not
// within 1 ulp for 42 numbers over 1e38, SLEEF's is for all.
#define TANDEM_VECTOR_MATH_ONE(each)                                                                                 \
  each(exp, 1e308, 1e38F) each(expm1, 1e308, 1e38F) each(log, 1e308, 1e38F) each(log1p, 1e307, 1e38F)                \
      each(log2, 1e308, 1e38F) each(log10, 1e308, 1e38F) each(sin, 1e308, 1e38F) each(cos, 1e308, 1e38F)             \
          each(tan, 1e308, 3.4028235e38F) each(asin, 1e308, 1e38F) each(acos, 1e308, 1e38F) each(atan, 1e308, 1e38F) \
              each(sinh, 709, 88.5F) each(cosh, 709, 88.5F) each(tanh, 1e308, 1e38F) each(asinh, 1.34e154, 1.84e19F) \
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
