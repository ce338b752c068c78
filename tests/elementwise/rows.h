#pragma once

#include <ostream>
#include <string_view>
#include <vector>

#include <tandem/dtype.h>

// The rows of the table as the tests see them.
namespace tandem::testing {

enum class op {
#define TD_UN(name, kinds, result, formula, flops, ulp, summary) name,
#define TD_BIN(name, kinds, result, formula, flops, ulp, summary) name,
#define TD_TER(name, kinds, result, formula, flops, ulp, summary) name,
#include <tandem/tables/elementwise.inc>
};

enum class kinds { all, numeric, real, real_or_bool, integer, integer_or_bool, floating, real_floating };
enum class result_kind { same, boolean, real_part };

struct row {
  op which;
  std::string_view name;
  int arity;
  kinds accepts;
  result_kind result;
  double ulp;
};

inline void PrintTo(const row& r, std::ostream* out) { *out << r.name; }

inline constexpr row rows[] = {
#define TD_UN(name, kinds_, result, formula, flops, ulp, summary) \
  {op::name, #name, 1, kinds::kinds_, result_kind::result, ulp},
#define TD_BIN(name, kinds_, result, formula, flops, ulp, summary) \
  {op::name, #name, 2, kinds::kinds_, result_kind::result, ulp},
#define TD_TER(name, kinds_, result, formula, flops, ulp, summary) \
  {op::name, #name, 3, kinds::kinds_, result_kind::result, ulp},
#include <tandem/tables/elementwise.inc>
};

constexpr bool accepts(kinds set, dtype type) {
  switch (set) {
    case kinds::all: return true;
    case kinds::numeric: return !is_boolean(type);
    case kinds::real: return is_integer(type) || is_real_floating(type);
    case kinds::real_or_bool: return !is_complex(type);
    case kinds::integer: return is_integer(type);
    case kinds::integer_or_bool: return is_integer(type) || is_boolean(type);
    case kinds::floating: return is_floating(type);
    case kinds::real_floating: return is_real_floating(type);
  }
  return false;
}

inline std::vector<dtype> dtypes_of(const row& r) {
  std::vector<dtype> types;
  for (int i = 0; i < dtype_count; ++i) {
    if (accepts(r.accepts, static_cast<dtype>(i))) types.push_back(static_cast<dtype>(i));
  }
  return types;
}

constexpr dtype result_type_of(const row& r, dtype operand) {
  return r.result == result_kind::boolean     ? dtype::bool_
         : r.result == result_kind::real_part ? real_part(operand)
                                              : operand;
}

}  // namespace tandem::testing
