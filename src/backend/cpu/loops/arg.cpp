#include "backend/cpu/loops/isa.h"
#include "backend/cpu/loops/loops.h"

TANDEM_LOOPS_BEGIN

#include "ops/formulas/formulas.h"

// Searches for the largest or smallest elements, by compares and blends: which element wins is never a branch.
namespace tandem::backend::kernels::TANDEM_ISA {

namespace {

#if TANDEM_ISA_LEVEL == 4
constexpr std::int64_t register_bytes = 64;
#elif TANDEM_ISA_LEVEL == 3
constexpr std::int64_t register_bytes = 32;
#else
constexpr std::int64_t register_bytes = 16;
#endif

template <class T>
struct vector_of {
  using type [[gnu::vector_size(register_bytes)]] = T;
};
template <class T>
using vector = typename vector_of<T>::type;

template <class V, class T>
V load(const T* from) {
  V value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <bool Largest, class Element>
struct arg_loops {
  using T = std::conditional_t<std::is_same_v<Element, bool>, std::uint8_t, Element>;
  // A number of a row: it fills as much of a register as an element.
  using number = std::conditional_t<
      sizeof(T) == 1, std::int8_t,
      std::conditional_t<sizeof(T) == 2, std::int16_t, std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>>>;
  static constexpr std::int64_t lanes = register_bytes / static_cast<std::int64_t>(sizeof(T));

  template <class X>
  static auto beyond(X candidate, X best) {
    return Largest ? candidate > best : candidate < best;
  }

  // As many values as a register has positions, and their row numbers.
  static constexpr std::int64_t part = register_bytes / static_cast<std::int64_t>(sizeof(std::int64_t));
  using few [[gnu::vector_size(part * sizeof(T))]] = T;
  using few_numbers [[gnu::vector_size(part * sizeof(T))]] = number;

  // Whether `candidate` replaces `best`: it is beyond it, or the first nan. For elements and for vectors of them.
  template <class X>
  static auto beats(X candidate, X best) {
    if constexpr (std::is_floating_point_v<T>) {
      return ~(Largest ? candidate <= best : candidate >= best) & (best == best);
    } else {
      return beyond(candidate, best);
    }
  }
  static bool beats(T candidate, T best) {
    if constexpr (std::is_floating_point_v<T>) {
      return formulas::td_both(!(Largest ? candidate <= best : candidate >= best), best == best);
    } else {
      return beyond(candidate, best);
    }
  }

  // How candidates replace the best elements. The quick way passes over nans, and `total` becomes nan if it met one (or
  // infinities of both signs): what was searched is then searched again in the other way.
  template <bool Quick>
  struct search {
    vector<T> total = {};

    void take(vector<T> candidate, vector<number> row, vector<T>& value, vector<number>& at) {
      vector<number> better;
      if constexpr (Quick) {
        if constexpr (std::is_floating_point_v<T>) total += candidate;
        better = beyond(candidate, value);
      } else {
        better = beats(candidate, value);
      }
      value = better ? candidate : value;
      at = better ? row : at;
    }
  };

  // Positions from the numbers of rows, -1 where nothing was better.
  template <int Registers>
  static void put(const vector<number> (&at)[Registers], std::int64_t first, std::int64_t* best_at) {
    number rows[Registers * lanes];
    std::memcpy(rows, at, sizeof at);
    for (std::int64_t i = 0; i < Registers * lanes; i += part) {
      const auto wide_rows = __builtin_convertvector(load<few_numbers>(rows + i), vector<std::int64_t>);
      auto here = load<vector<std::int64_t>>(best_at + i);
      here = wide_rows < 0 ? here : wide_rows + first;
      std::memcpy(best_at + i, &here, sizeof here);
    }
  }

  // What rows one after the other fetch early: beyond where the processor's own prefetching stops at the end of a page.
  // Of 1 to 32 KiB, best for operands in memory and in the third cache (AMD Zen 5, 2026-11).
  static constexpr std::int64_t fetched_ahead = 8192 / static_cast<std::int64_t>(sizeof(T));

  // Columns that fill some registers: what is best stays in them over all rows.
  template <int Registers, bool Quick>
  static vector<T> narrow(const T* x, std::int64_t row_count, std::int64_t step, std::int64_t first, T* best,
                          std::int64_t* best_at) {
    vector<T> value[Registers];
    vector<number> at[Registers];
    search<Quick> each[Registers];
    for (int k = 0; k < Registers; ++k) {
      value[k] = load<vector<T>>(best + k * lanes);
      at[k] = vector<number>{} - number(1);
    }
    vector<number> row = {};
    for (std::int64_t r = 0; r < row_count; ++r, x += step, row += number(1)) {
      for (int k = 0; k < Registers; ++k) {
        __builtin_prefetch(x + k * lanes + fetched_ahead);
        each[k].take(load<vector<T>>(x + k * lanes), row, value[k], at[k]);
      }
    }
    std::memcpy(best, value, sizeof value);
    put(at, first, best_at);
    for (int k = 1; k < Registers; ++k) each[0].total += each[k].total;
    return each[0].total;
  }

  // A fixed number of rows, so that each is read in its own order, as processors expect it.
  template <int Rows, bool Quick>
  static vector<T> wide(const T* x, std::int64_t step, std::int64_t ahead, std::int64_t width, std::int64_t first,
                        T* best, std::int64_t* best_at) {
    vector<T> total = {};
    for (std::int64_t j = 0; j + lanes <= width; j += lanes) {
      search<Quick> here;
      auto value = load<vector<T>>(best + j);
      vector<number> at[1] = {vector<number>{} - number(1)};
      for (int r = 0; r < Rows; ++r) {
        __builtin_prefetch(x + j + r * step + ahead);
        here.take(load<vector<T>>(x + j + r * step), vector<number>{} + number(r), value, at[0]);
      }
      std::memcpy(best + j, &value, sizeof value);
      put(at, first, best_at + j);
      total += here.total;
    }
    return total;
  }

  // Whole registers of columns.
  template <bool Quick>
  static vector<T> whole(const T* x, std::int64_t row_count, std::int64_t step, std::int64_t ahead, std::int64_t width,
                         std::int64_t first, T* best, std::int64_t* best_at) {
    switch (width / lanes) {
      case 1: return narrow<1, Quick>(x, row_count, step, first, best, best_at);
      case 2: return narrow<2, Quick>(x, row_count, step, first, best, best_at);
      case 3: return narrow<3, Quick>(x, row_count, step, first, best, best_at);
      case 4: return narrow<4, Quick>(x, row_count, step, first, best, best_at);
#if TANDEM_ISA_LEVEL == 4
      case 5: return narrow<5, Quick>(x, row_count, step, first, best, best_at);
      case 6: return narrow<6, Quick>(x, row_count, step, first, best, best_at);
      case 7: return narrow<7, Quick>(x, row_count, step, first, best, best_at);
      case 8: return narrow<8, Quick>(x, row_count, step, first, best, best_at);
#endif
      default: break;
    }
    vector<T> total = {};
    std::int64_t r = 0;
    for (; r + 8 <= row_count; r += 8)
      total += wide<8, Quick>(x + r * step, step, ahead, width, first + r, best, best_at);
    if (row_count & 4) total += wide<4, Quick>(x + r * step, step, ahead, width, first + r, best, best_at);
    r += row_count & 4;
    if (row_count & 2) total += wide<2, Quick>(x + r * step, step, ahead, width, first + r, best, best_at);
    r += row_count & 2;
    if (row_count & 1) total += wide<1, Quick>(x + r * step, step, ahead, width, first + r, best, best_at);
    return total;
  }

  static bool has_nan(vector<T> total) {
    if constexpr (std::is_floating_point_v<T>) {
      for (std::int64_t k = 1; k < lanes; ++k) total[0] += total[k];
      return total[0] != total[0];
    } else {
      return false;
    }
  }

  static void rows(const std::byte* in, std::int64_t row_count, std::int64_t step, std::int64_t ahead,
                   std::int64_t width, std::int64_t first, std::byte* best, std::int64_t* best_at) {
    const T* const x = reinterpret_cast<const T*>(in);
    T* const value = reinterpret_cast<T*>(best);
    if (width < lanes) {
      for (std::int64_t r = 0; r < row_count; ++r) {
        for (std::int64_t i = 0; i < width; ++i) {
          const bool better = beats(x[r * step + i], value[i]);
          value[i] = better ? x[r * step + i] : value[i];
          best_at[i] = better ? first + r : best_at[i];
        }
      }
      return;
    }
    // The last columns, and some once more: nothing beats what they have.
    const std::int64_t last = width - lanes;
    vector<T> total = whole<true>(x, row_count, step, ahead, width, first, value, best_at);
    if (width % lanes != 0) total += narrow<1, true>(x + last, row_count, step, first, value + last, best_at + last);
    if (!has_nan(total)) return;
    whole<false>(x, row_count, step, ahead, width, first, value, best_at);
    if (width % lanes != 0) narrow<1, false>(x + last, row_count, step, first, value + last, best_at + last);
  }

  static void merge(const std::byte* in, const std::int64_t* at, std::int64_t width, std::byte* best,
                    std::int64_t* best_at) {
    const T* const x = reinterpret_cast<const T*>(in);
    T* const value = reinterpret_cast<T*>(best);
    std::int64_t i = 0;
    for (; i + part <= width; i += part) {
      const auto candidate = load<few>(x + i);
      auto here = load<few>(value + i);
      const auto candidate_at = load<vector<std::int64_t>>(at + i);
      auto here_at = load<vector<std::int64_t>>(best_at + i);
      const few_numbers loses = beats(here, candidate);
      const vector<std::int64_t> earlier =
          (candidate_at < here_at) & ~__builtin_convertvector(loses, vector<std::int64_t>);
      const few_numbers wins = beats(candidate, here);
      const few_numbers better = wins | __builtin_convertvector(earlier, few_numbers);
      here = better ? candidate : here;
      here_at = __builtin_convertvector(better, vector<std::int64_t>) ? candidate_at : here_at;
      std::memcpy(value + i, &here, sizeof here);
      std::memcpy(best_at + i, &here_at, sizeof here_at);
    }
    for (; i < width; ++i) {
      const bool earlier = formulas::td_both(!beats(value[i], x[i]), at[i] < best_at[i]);
      const bool better = formulas::td_either(beats(x[i], value[i]), earlier);
      value[i] = better ? x[i] : value[i];
      best_at[i] = better ? at[i] : best_at[i];
    }
  }

  static void part_rows(std::int64_t joined, std::int64_t width, std::byte* best, std::int64_t* best_at) {
    for (std::int64_t k = 0; k < joined; ++k) {
      for (std::int64_t j = k * width; j < (k + 1) * width; ++j) best_at[j] = best_at[j] * joined + k;
    }
    for (std::int64_t half = joined / 2 * width; half >= width; half /= 2) {
      merge(best + half * static_cast<std::int64_t>(sizeof(T)), best_at + half, half, best, best_at);
    }
  }

  // As many groups as a register has elements. False if the quick way met a nan.
  template <bool Quick>
  static bool across_groups(const T* x, std::int64_t length, std::int64_t* best_at) {
    search<Quick> each;
    vector<T> value = {};
    vector<number> at[1] = {};
    vector<number> row = {};
    for (std::int64_t i = 0; i < length; ++i, row += number(1)) {
      __builtin_prefetch(x + i * lanes + fetched_ahead);
      vector<T> candidate = {};
      for (std::int64_t k = 0; k < lanes; ++k) candidate[k] = x[k * length + i];
      if (i == 0) value = candidate;
      each.take(candidate, row, value, at[0]);
    }
    put(at, 0, best_at);
    return !has_nan(each.total);
  }

  static void groups(const std::byte* in, std::int64_t count, std::int64_t length, std::int64_t* best_at) {
    const T* x = reinterpret_cast<const T*>(in);
    if (count >= lanes) {
      for (std::int64_t g = 0; g < count; g += lanes) {
        // The last ones, and some once more.
        const std::int64_t from = g + lanes <= count ? g : count - lanes;
        if (!across_groups<true>(x + from * length, length, best_at + from)) {
          across_groups<false>(x + from * length, length, best_at + from);
        }
      }
      return;
    }
    for (std::int64_t g = 0; g < count; ++g, x += length) {
      T value = x[0];
      std::int64_t at = 0;
      for (std::int64_t i = 1; i < length; ++i) {
        const bool better = beats(x[i], value);
        value = better ? x[i] : value;
        at = better ? i : at;
      }
      best_at[g] = at;
    }
  }
};

template <bool Largest, class T>
constexpr arg_kernels kernels_of{&arg_loops<Largest, T>::rows, &arg_loops<Largest, T>::merge,
                                 &arg_loops<Largest, T>::part_rows, &arg_loops<Largest, T>::groups};

}  // namespace

arg_kernels arg(bool largest, dtype type) {
  return core::visit_dtype(type, [&]<class T>() -> arg_kernels {
    if constexpr (ops::kinds::contains(ops::kinds::real_or_bool, dtype_of<T>)) {
      return largest ? kernels_of<true, T> : kernels_of<false, T>;
    } else {
      return {};
    }
  });
}

}  // namespace tandem::backend::kernels::TANDEM_ISA

TANDEM_LOOPS_END
