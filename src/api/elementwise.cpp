#include <tandem/elementwise.h>

#include "ops/node.h"

namespace tandem {

#define TD_UN(name, kinds, result, formula, flops, ulp, summary) \
  expr name(const expr& x) { return expr(ops::make_elementwise(ops::op::name, ops::node_list(x.node()))); }
#define TD_BIN(name, kinds, result, formula, flops, ulp, summary)                          \
  expr name(const expr& x, const expr& y) {                                                \
    return expr(ops::make_elementwise(ops::op::name, ops::node_list(x.node(), y.node()))); \
  }
#define TD_TER(name, kinds, result, formula, flops, ulp, summary)                                    \
  expr name(const expr& x, const expr& y, const expr& z) {                                           \
    return expr(ops::make_elementwise(ops::op::name, ops::node_list(x.node(), y.node(), z.node()))); \
  }
#include <tandem/tables/elementwise.inc>

expr clip(const expr& x, const expr& low, const expr& high) { return minimum(maximum(x, low), high); }

expr astype(const expr& x, dtype type) { return expr(ops::make_cast(x.node(), type)); }

expr operator+(const expr& x, const expr& y) { return add(x, y); }
expr operator-(const expr& x, const expr& y) { return subtract(x, y); }
expr operator*(const expr& x, const expr& y) { return multiply(x, y); }
expr operator/(const expr& x, const expr& y) { return divide(x, y); }
expr operator%(const expr& x, const expr& y) { return remainder(x, y); }
expr operator-(const expr& x) { return negative(x); }
expr operator+(const expr& x) { return positive(x); }
expr operator==(const expr& x, const expr& y) { return equal(x, y); }
expr operator!=(const expr& x, const expr& y) { return not_equal(x, y); }
expr operator<(const expr& x, const expr& y) { return less(x, y); }
expr operator<=(const expr& x, const expr& y) { return less_equal(x, y); }
expr operator>(const expr& x, const expr& y) { return greater(x, y); }
expr operator>=(const expr& x, const expr& y) { return greater_equal(x, y); }
expr operator&(const expr& x, const expr& y) { return bitwise_and(x, y); }
expr operator|(const expr& x, const expr& y) { return bitwise_or(x, y); }
expr operator^(const expr& x, const expr& y) { return bitwise_xor(x, y); }
expr operator~(const expr& x) { return bitwise_invert(x); }
expr operator<<(const expr& x, const expr& y) { return bitwise_left_shift(x, y); }
expr operator>>(const expr& x, const expr& y) { return bitwise_right_shift(x, y); }
expr operator!(const expr& x) { return logical_not(x); }

}  // namespace tandem
