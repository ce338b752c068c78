#include <tandem/elementwise.h>

#include <utility>

#include "ops/node.h"

namespace tandem {

#define TD_UN(name, kinds, result, formula, flops, ulp, summary) \
  expr name(expr x) { return expr(ops::make_elementwise(ops::op::name, ops::node_list(std::move(x).release()))); }
#define TD_BIN(name, kinds, result, formula, flops, ulp, summary)                                                      \
  expr name(expr x, expr y) {                                                                                          \
    return expr(ops::make_elementwise(ops::op::name, ops::node_list(std::move(x).release(), std::move(y).release()))); \
  }
#define TD_TER(name, kinds, result, formula, flops, ulp, summary)                                                \
  expr name(expr x, expr y, expr z) {                                                                            \
    return expr(ops::make_elementwise(                                                                           \
        ops::op::name, ops::node_list(std::move(x).release(), std::move(y).release(), std::move(z).release()))); \
  }
#include <tandem/tables/elementwise.inc>

expr clip(expr x, expr low, expr high) { return minimum(maximum(std::move(x), std::move(low)), std::move(high)); }

expr astype(expr x, dtype type) { return expr(ops::make_cast(std::move(x).release(), type)); }

expr operator+(expr x, expr y) { return add(std::move(x), std::move(y)); }
expr operator-(expr x, expr y) { return subtract(std::move(x), std::move(y)); }
expr operator*(expr x, expr y) { return multiply(std::move(x), std::move(y)); }
expr operator/(expr x, expr y) { return divide(std::move(x), std::move(y)); }
expr operator%(expr x, expr y) { return remainder(std::move(x), std::move(y)); }
expr operator-(expr x) { return negative(std::move(x)); }
expr operator+(expr x) { return positive(std::move(x)); }
expr operator==(expr x, expr y) { return equal(std::move(x), std::move(y)); }
expr operator!=(expr x, expr y) { return not_equal(std::move(x), std::move(y)); }
expr operator<(expr x, expr y) { return less(std::move(x), std::move(y)); }
expr operator<=(expr x, expr y) { return less_equal(std::move(x), std::move(y)); }
expr operator>(expr x, expr y) { return greater(std::move(x), std::move(y)); }
expr operator>=(expr x, expr y) { return greater_equal(std::move(x), std::move(y)); }
expr operator&(expr x, expr y) { return bitwise_and(std::move(x), std::move(y)); }
expr operator|(expr x, expr y) { return bitwise_or(std::move(x), std::move(y)); }
expr operator^(expr x, expr y) { return bitwise_xor(std::move(x), std::move(y)); }
expr operator~(expr x) { return bitwise_invert(std::move(x)); }
expr operator<<(expr x, expr y) { return bitwise_left_shift(std::move(x), std::move(y)); }
expr operator>>(expr x, expr y) { return bitwise_right_shift(std::move(x), std::move(y)); }
expr operator!(expr x) { return logical_not(std::move(x)); }

}  // namespace tandem
