#include "backend/cpu/loops/isa.h"
#include "backend/cpu/loops/loops.h"

TANDEM_LOOPS_BEGIN

#include "ops/formulas/rows.h"

// Combinations of many elements in trees that depend on their number only.
namespace tandem::backend::kernels::TANDEM_ISA {

namespace {

// How far ahead of its use memory is fetched: beyond the page where a processor's own prefetching stops. Of 1 to 32
// KiB, best for operands in memory and in the third cache (AMD Zen 5, 2026-11).
template <class T>
constexpr std::int64_t fetched_ahead = 8192 / static_cast<std::int64_t>(sizeof(T));

// Elements in a cache line.
template <class T>
constexpr std::int64_t line_elements = 64 / static_cast<std::int64_t>(sizeof(T));

// Elements between two turns of fetching; a loop over only 8 float64 is taken apart by clang 19 and not vectorized.
constexpr std::int64_t run = 16;

template <class Combine, class T>
T combine_at(const T* const* x, std::int64_t i) {
  const T left = Combine::apply(Combine::apply(x[0][i], x[1][i]), Combine::apply(x[2][i], x[3][i]));
  const T right = Combine::apply(Combine::apply(x[4][i], x[5][i]), Combine::apply(x[6][i], x[7][i]));
  return Combine::apply(left, right);
}

template <class Combine, class T>
void combine_eight_loop(const std::byte* const* rows, std::byte* out, std::int64_t count, std::int64_t ahead) {
  const T* x[8];
  for (int k = 0; k < 8; ++k) x[k] = reinterpret_cast<const T*>(rows[k]);
  T* to = reinterpret_cast<T*>(out);
  std::int64_t i = 0;
  for (; ahead != 0 && i + run <= count; i += run) {
    for (int k = 0; k < 8; ++k) {
      for (std::int64_t j = 0; j < run; j += line_elements<T>) __builtin_prefetch(x[k] + i + j + ahead);
    }
    TANDEM_INDEPENDENT
    for (std::int64_t j = i; j < i + run; ++j) to[j] = combine_at<Combine>(x, j);
  }
  TANDEM_INDEPENDENT
  for (std::int64_t j = i; j < count; ++j) to[j] = combine_at<Combine>(x, j);
}

// Eight elements that lie `step` apart.
template <class Combine, class T>
T combine_apart(const T* x, std::int64_t step) {
  const T left = Combine::apply(Combine::apply(x[0], x[step]), Combine::apply(x[2 * step], x[3 * step]));
  const T right = Combine::apply(Combine::apply(x[4 * step], x[5 * step]), Combine::apply(x[6 * step], x[7 * step]));
  return Combine::apply(left, right);
}

// 2 * Half elements become the first one: the later half is combined with the earlier one, again and again.
template <class Combine, std::int64_t Half, class T>
void combine_halves(T* x) {
  TANDEM_INDEPENDENT
  for (std::int64_t i = 0; i < Half; ++i) x[i] = Combine::apply(x[i], x[i + Half]);
  if constexpr (Half > 1) combine_halves<Combine, Half / 2>(x);
}

template <class Combine, class T>
void combine_blocks_loop(const std::byte* in, std::int64_t blocks, std::byte* out) {
  static_assert(block_elements == 8 * 8 * 8);
  // Eight runs that lie one after the other become one, so that memory is read from the first element to the last.
  const T* x = reinterpret_cast<const T*>(in);
  T* to = reinterpret_cast<T*>(out);
  for (std::int64_t b = 0; b < blocks; ++b) {
    T sixty_four[64];
    for (std::int64_t first = 0; first < 64; first += run, x += 8 * run) {
      for (std::int64_t k = 0; k < 8 * run; k += line_elements<T>) __builtin_prefetch(x + k + fetched_ahead<T>);
      TANDEM_INDEPENDENT
      for (std::int64_t i = 0; i < run; ++i) sixty_four[first + i] = combine_apart<Combine>(x + i, run);
    }
    combine_halves<Combine, 32>(sixty_four);
    to[b] = sixty_four[0];
  }
}

// So few elements that their number is known when this is compiled, pairwise.
template <class Combine, std::int64_t Length, class T>
T combine_few(const T* x) {
  if constexpr (Length == 1) {
    return x[0];
  } else {
    constexpr std::int64_t half = Length / 2;
    return Combine::apply(combine_few<Combine, Length - half>(x), combine_few<Combine, half>(x + Length - half));
  }
}

template <class Combine, std::int64_t Length, class T>
void few_loop(const T* x, std::int64_t groups, T* to) {
  // Several groups at once where few registers hold them; beyond, taking them apart costs more than it saves (AMD Zen
  // 5, 2026-11).
  if constexpr (Length * sizeof(T) <= 32) {
    TANDEM_INDEPENDENT
    for (std::int64_t g = 0; g < groups; ++g) to[g] = combine_few<Combine, Length>(x + g * Length);
  } else {
    TANDEM_ONE_BY_ONE
    for (std::int64_t g = 0; g < groups; ++g) {
      __builtin_prefetch(x + g * Length + fetched_ahead<T>);
      to[g] = combine_few<Combine, Length>(x + g * Length);
    }
  }
}

// Eight running results for at least eight elements: a processor works on several at once. The last elements go to the
// last results.
template <class Combine, class T>
T combine_group(const T* x, std::int64_t length) {
  T lanes[8];
  for (int k = 0; k < 8; ++k) lanes[k] = x[k];
  std::int64_t i = 8;
  for (; i + 8 <= length; i += 8) {
    for (int k = 0; k < 8; ++k) lanes[k] = Combine::apply(lanes[k], x[i + k]);
  }
  if (i < length) {
    const T* const last = x + length - 8;
    for (int k = 0; k < 8; ++k) lanes[k] = k < 8 - (length - i) ? lanes[k] : Combine::apply(lanes[k], last[k]);
  }
  combine_halves<Combine, 4>(lanes);
  return lanes[0];
}

template <class Combine, class T>
void combine_groups_loop(const std::byte* in, std::int64_t groups, std::int64_t length, std::byte* out) {
  const T* x = reinterpret_cast<const T*>(in);
  T* to = reinterpret_cast<T*>(out);
  switch (length) {
    case 1: return few_loop<Combine, 1>(x, groups, to);
    case 2: return few_loop<Combine, 2>(x, groups, to);
    case 3: return few_loop<Combine, 3>(x, groups, to);
    case 4: return few_loop<Combine, 4>(x, groups, to);
    case 5: return few_loop<Combine, 5>(x, groups, to);
    case 6: return few_loop<Combine, 6>(x, groups, to);
    case 7: return few_loop<Combine, 7>(x, groups, to);
    case 8: return few_loop<Combine, 8>(x, groups, to);
    default: break;
  }
  for (std::int64_t g = 0; g < groups; ++g) to[g] = combine_group<Combine>(x + g * length, length);
}

// Calls `use.template operator()<Row, T>()` with the row that combines, if it has the dtype.
template <class Kernel, class Use>
Kernel with_combination(ops::reduction which, dtype type, Use use) {
  return core::visit_dtype(type, [&]<class T>() -> Kernel {
    constexpr bool is_ordered = ops::kinds::contains(ops::kinds::real_or_bool, dtype_of<T>);
    switch (which) {
      case ops::reduction::sum: return use.template operator()<formulas::add_row, T>();
      case ops::reduction::prod: return use.template operator()<formulas::multiply_row, T>();
      case ops::reduction::min:
        if constexpr (is_ordered) return use.template operator()<formulas::minimum_row, T>();
        break;
      case ops::reduction::max:
        if constexpr (is_ordered) return use.template operator()<formulas::maximum_row, T>();
        break;
      case ops::reduction::all:
        if constexpr (dtype_of<T> == dtype::bool_) return use.template operator()<formulas::logical_and_row, T>();
        break;
      case ops::reduction::any:
        if constexpr (dtype_of<T> == dtype::bool_) return use.template operator()<formulas::logical_or_row, T>();
        break;
    }
    return nullptr;
  });
}

}  // namespace

combine_eight_kernel combine_eight(ops::reduction which, dtype type) {
  return with_combination<combine_eight_kernel>(
      which, type, []<class Row, class T>() -> combine_eight_kernel { return &combine_eight_loop<Row, T>; });
}

combine_blocks_kernel combine_blocks(ops::reduction which, dtype type) {
  return with_combination<combine_blocks_kernel>(
      which, type, []<class Row, class T>() -> combine_blocks_kernel { return &combine_blocks_loop<Row, T>; });
}

combine_groups_kernel combine_groups(ops::reduction which, dtype type) {
  return with_combination<combine_groups_kernel>(
      which, type, []<class Row, class T>() -> combine_groups_kernel { return &combine_groups_loop<Row, T>; });
}

}  // namespace tandem::backend::kernels::TANDEM_ISA

TANDEM_LOOPS_END
