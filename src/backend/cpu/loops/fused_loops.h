#include "ops/formulas/floats.h"

// Sums, differences and products of floats, up to four in one loop, for the files that compile them with and without
// fused multiply-adds: include it where theirs begins. Vectors are written out, because compilers make no
// streaming stores of a loop that they vectorize themselves.
namespace tandem::backend::kernels::TANDEM_ISA {

namespace {

#if TANDEM_ISA_LEVEL == 4
constexpr int vector_bytes = 64;
#elif TANDEM_ISA_LEVEL == 3
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif

template <class T>
struct vector_of {
  typedef T type __attribute__((vector_size(vector_bytes)));
};
template <class T>
using vector = typename vector_of<T>::type;

#define TANDEM_INLINE [[gnu::always_inline]] inline

template <arithmetic Which, class T>
TANDEM_INLINE void combine(T& x, const T& y) {
  if constexpr (Which == arithmetic::add) x = formulas::td_add(x, y);
  if constexpr (Which == arithmetic::subtract) x = formulas::td_subtract(x, y);
  if constexpr (Which == arithmetic::subtract_from) x = formulas::td_subtract(y, x);
  if constexpr (Which == arithmetic::multiply) x = formulas::td_multiply(x, y);
}

template <class V>
TANDEM_INLINE void load(V& value, const std::byte* from) {
  __builtin_memcpy(&value, from, sizeof(V));
}

// What the loops compute for the elements at byte `at` of all operands.
template <arithmetic First>
struct one {
  static constexpr int operands = 2;
  template <class V>
  TANDEM_INLINE static void compute(const std::byte* const* in, std::int64_t at, V& value) {
    V y;
    load(value, in[0] + at);
    load(y, in[1] + at);
    combine<First>(value, y);
  }
};

template <class Before, int Operand, arithmetic Last>
struct then {
  static constexpr int operands = Operand + 1;
  template <class V>
  TANDEM_INLINE static void compute(const std::byte* const* in, std::int64_t at, V& value) {
    V y;
    Before::compute(in, at, value);
    load(y, in[Operand] + at);
    combine<Last>(value, y);
  }
};

template <arithmetic Left, arithmetic Right, arithmetic Last>
struct fork {
  static constexpr int operands = 4;
  template <class V>
  TANDEM_INLINE static void compute(const std::byte* const* in, std::int64_t at, V& value) {
    V right;
    one<Left>::compute(in, at, value);
    one<Right>::compute(in + 2, at, right);
    combine<Last>(value, right);
  }
};

template <bool Streams, class V>
TANDEM_INLINE void store(std::byte* to, const V& value) {
  if constexpr (Streams) {
#if defined(__clang__)
    __builtin_nontemporal_store(value, reinterpret_cast<V*>(to));
    return;
#elif TANDEM_ISA_LEVEL == 4
    typedef double bits __attribute__((vector_size(vector_bytes)));
    __builtin_ia32_movntpd512(reinterpret_cast<double*>(to), reinterpret_cast<const bits&>(value));
    return;
#elif TANDEM_ISA_LEVEL == 3
    typedef double bits __attribute__((vector_size(vector_bytes)));
    __builtin_ia32_movntpd256(reinterpret_cast<double*>(to), reinterpret_cast<const bits&>(value));
    return;
#elif TANDEM_ISA_LEVEL == 2
    typedef double bits __attribute__((vector_size(vector_bytes)));
    __builtin_ia32_movntpd(reinterpret_cast<double*>(to), reinterpret_cast<const bits&>(value));
    return;
#endif
  }
  __builtin_memcpy(to, &value, sizeof(V));
}

// An operand may lie where the result goes: whatever is written at a place was read before.
template <class Work, class T, bool Streams>
void fused_loop(const std::byte* const* in, std::byte* out, std::int64_t count) {
  const std::int64_t end = count * static_cast<std::int64_t>(sizeof(T));
  // Addresses of our own: for all the compiler knows, `out` may be where those of the operands are.
  const std::byte* from[Work::operands];
  for (int i = 0; i < Work::operands; ++i) from[i] = in[i];
  std::int64_t at = 0;
  for (; at + 2 * vector_bytes <= end; at += 2 * vector_bytes) {
    vector<T> low;
    vector<T> high;
    Work::compute(from, at, low);
    Work::compute(from, at + vector_bytes, high);
    store<Streams>(out + at, low);
    store<Streams>(out + at + vector_bytes, high);
  }
#if defined(__clang__)
#pragma clang loop vectorize(disable) unroll(disable)
#endif
  for (; at < end; at += static_cast<std::int64_t>(sizeof(T))) {
    T value;
    Work::compute(from, at, value);
    store<false>(out + at, value);
  }
}

// All combinations, by the numbers of their operations. `subtract_from` is for a result that is subtracted from an
// operand; two operands come in either order anyway.
constexpr std::size_t first_kinds = 3;
constexpr std::size_t later_kinds = 4;
constexpr arithmetic kind(std::size_t number) { return static_cast<arithmetic>(number); }

template <class T, bool Streams>
struct fused_table {
  map_kernel singles[first_kinds];
  map_kernel pairs[first_kinds][later_kinds];
  map_kernel lines[first_kinds][later_kinds][later_kinds];
  map_kernel forks[first_kinds][first_kinds][first_kinds];
  map_kernel fork_lines[first_kinds][first_kinds][first_kinds][later_kinds];

  constexpr fused_table() : singles{}, pairs{}, lines{}, forks{}, fork_lines{} {
    each<first_kinds>([&]<std::size_t A>() {
      using First = one<kind(A)>;
      singles[A] = &fused_loop<First, T, Streams>;
      each<later_kinds>([&]<std::size_t B>() {
        using Second = then<First, 2, kind(B)>;
        pairs[A][B] = &fused_loop<Second, T, Streams>;
        each<later_kinds>([&]<std::size_t C>() { lines[A][B][C] = &fused_loop<then<Second, 3, kind(C)>, T, Streams>; });
      });
      each<first_kinds>([&]<std::size_t B>() {
        each<first_kinds>([&]<std::size_t C>() {
          using Fork = fork<kind(A), kind(B), kind(C)>;
          forks[A][B][C] = &fused_loop<Fork, T, Streams>;
          each<later_kinds>(
              [&]<std::size_t D>() { fork_lines[A][B][C][D] = &fused_loop<then<Fork, 4, kind(D)>, T, Streams>; });
        });
      });
    });
  }

 private:
  template <std::size_t Count, class Do>
  static constexpr void each(Do what) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (what.template operator()<I>(), ...);
    }(std::make_index_sequence<Count>());
  }
};

template <class T, bool Streams>
map_kernel find(const fused_work& what) {
  static constexpr fused_table<T, Streams> table;
  const auto at = [&](int i) { return static_cast<std::size_t>(what.operations[i]); };
  switch (what.shape) {
    case fused_work::form::single: return table.singles[at(0)];
    case fused_work::form::pair: return table.pairs[at(0)][at(1)];
    case fused_work::form::line: return table.lines[at(0)][at(1)][at(2)];
    case fused_work::form::fork: return table.forks[at(0)][at(1)][at(2)];
    case fused_work::form::fork_line: return table.fork_lines[at(0)][at(1)][at(2)][at(3)];
  }
  return nullptr;
}

map_kernel fused_loop_of(const fused_work& what, dtype type, bool streams) {
  if (type == dtype::float64) return streams ? find<double, true>(what) : find<double, false>(what);
  if (type == dtype::float32) return streams ? find<float, true>(what) : find<float, false>(what);
  return nullptr;
}

}  // namespace

}  // namespace tandem::backend::kernels::TANDEM_ISA
