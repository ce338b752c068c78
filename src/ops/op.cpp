#include "ops/op.h"

namespace tandem::ops {

namespace {

constexpr op_info rows[] = {
#define TD_UN(name, kinds_, result, formula, flops, ulp, summary) \
  {#name, 1, kinds::kinds_, result_rule::result, flops, ulp, summary},
#define TD_BIN(name, kinds_, result, formula, flops, ulp, summary) \
  {#name, 2, kinds::kinds_, result_rule::result, flops, ulp, summary},
#define TD_TER(name, kinds_, result, formula, flops, ulp, summary) \
  {#name, 3, kinds::kinds_, result_rule::result, flops, ulp, summary},
#include <tandem/tables/elementwise.inc>
};
static_assert(std::size(rows) == op_count);

constexpr reduction_info reductions[] = {
    {"sum", op::add, true, 0},      {"prod", op::multiply, true, 1},   {"min", op::minimum, false, 0},
    {"max", op::maximum, false, 0}, {"all", op::logical_and, true, 1}, {"any", op::logical_or, true, 0},
};

}  // namespace

const op_info& info(op which) noexcept { return rows[static_cast<int>(which)]; }

const reduction_info& info(reduction which) noexcept { return reductions[static_cast<int>(which)]; }

std::string_view describe_kinds(std::uint16_t set) noexcept {
  switch (set) {
    case kinds::all: return "all dtypes";
    case kinds::numeric: return "numbers (no booleans)";
    case kinds::real: return "integers and real floats";
    case kinds::real_or_bool: return "booleans, integers and real floats";
    case kinds::integer: return "integers";
    case kinds::integer_or_bool: return "integers and booleans";
    case kinds::floating: return "real and complex floats";
    case kinds::real_floating: return "real floats";
    default: return "some dtypes";
  }
}

}  // namespace tandem::ops
