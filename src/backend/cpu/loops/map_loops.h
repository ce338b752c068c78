#pragma once

// Between TANDEM_LOOPS_BEGIN and TANDEM_LOOPS_END only.
#include "ops/formulas/rows.h"

namespace tandem::backend::kernels::TANDEM_ISA {

// Rows of more operations call functions, and their loops are what the compiler makes of them.
inline constexpr int most_flops_inline = 5;

template <class Row, class T, class Result>
void map_one(const std::byte* const* in, std::byte* out, std::int64_t count) {
  const T* x = reinterpret_cast<const T*>(in[0]);
  Result* to = reinterpret_cast<Result*>(out);
  if constexpr (Row::flops_ <= most_flops_inline) {
    TANDEM_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<Result>(Row::apply(x[i]));
  } else {
    for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<Result>(Row::apply(x[i]));
  }
}

template <class Row, class T, class Result>
void map_two(const std::byte* const* in, std::byte* out, std::int64_t count) {
  const T* x = reinterpret_cast<const T*>(in[0]);
  const T* y = reinterpret_cast<const T*>(in[1]);
  Result* to = reinterpret_cast<Result*>(out);
  if constexpr (Row::flops_ <= most_flops_inline) {
    TANDEM_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<Result>(Row::apply(x[i], y[i]));
  } else {
    for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<Result>(Row::apply(x[i], y[i]));
  }
}

template <class Row, class T, class Result>
void map_three(const std::byte* const* in, std::byte* out, std::int64_t count) {
  const bool* x = reinterpret_cast<const bool*>(in[0]);
  const T* y = reinterpret_cast<const T*>(in[1]);
  const T* z = reinterpret_cast<const T*>(in[2]);
  Result* to = reinterpret_cast<Result*>(out);
  TANDEM_INDEPENDENT
  for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<Result>(Row::apply(x[i], y[i], z[i]));
}

template <class T>
struct part_of {
  using type = T;
};
template <class T>
struct part_of<std::complex<T>> {
  using type = T;
};

template <class Row, class T, int Arity, std::uint16_t Kinds, ops::result_rule Rule>
constexpr map_kernel map_entry() {
  if constexpr (ops::kinds::contains(Kinds, dtype_of<T>)) {
    using Result =
        std::conditional_t<Rule == ops::result_rule::boolean, bool,
                           std::conditional_t<Rule == ops::result_rule::real_part, typename part_of<T>::type, T>>;
    if constexpr (Arity == 1) return &map_one<Row, T, Result>;
    if constexpr (Arity == 2) return &map_two<Row, T, Result>;
    if constexpr (Arity == 3) return &map_three<Row, T, Result>;
  }
  return nullptr;
}

/// The loops of all operations for one element type.
template <class T>
inline constexpr std::array<map_kernel, ops::op_count> map_column = {
#define TD_UN(name, kinds_, result, formula, flops, ulp, summary) \
  map_entry<formulas::name##_row, T, 1, ops::kinds::kinds_, ops::result_rule::result>(),
#define TD_BIN(name, kinds_, result, formula, flops, ulp, summary) \
  map_entry<formulas::name##_row, T, 2, ops::kinds::kinds_, ops::result_rule::result>(),
#define TD_TER(name, kinds_, result, formula, flops, ulp, summary) \
  map_entry<formulas::name##_row, T, 3, ops::kinds::kinds_, ops::result_rule::result>(),
#include <tandem/tables/elementwise.inc>
};

}  // namespace tandem::backend::kernels::TANDEM_ISA
