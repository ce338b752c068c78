#pragma once

#include "ops/formulas/formulas.h"

// Each row's formula as a type, `add_row::apply(x, y)`, for templates over rows.
namespace tandem::formulas::inline TANDEM_ISA {

#define TD_UN(name, kinds, result, formula, flops, ulp, summary) \
  struct name##_row {                                            \
    static constexpr int flops_ = flops;                         \
    template <class T>                                           \
    TANDEM_HD static auto apply(T x) {                           \
      return formula;                                            \
    }                                                            \
  };
#define TD_BIN(name, kinds, result, formula, flops, ulp, summary) \
  struct name##_row {                                             \
    static constexpr int flops_ = flops;                          \
    template <class T>                                            \
    TANDEM_HD static auto apply(T x, T y) {                       \
      return formula;                                             \
    }                                                             \
  };
#define TD_TER(name, kinds, result, formula, flops, ulp, summary) \
  struct name##_row {                                             \
    static constexpr int flops_ = flops;                          \
    template <class T>                                            \
    TANDEM_HD static auto apply(bool x, T y, T z) {               \
      return formula;                                             \
    }                                                             \
  };
#include <tandem/tables/elementwise.inc>

}  // namespace tandem::formulas::inline TANDEM_ISA
