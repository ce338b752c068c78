#pragma once

#include <tandem/dtype.h>
#include <tandem/export.h>
#include <tandem/expr.h>

namespace tandem {

/// The element-wise functions: `add(x, y)`, `sin(x)`, `where(condition, x, y)`, ... one for each row of
/// tandem/tables/elementwise.inc, where each is described; `tandem ops` lists them.
///
/// Shapes: operands broadcast to one shape, (..., n) with (..., n) or 1 -> (..., n).
/// Dtype: operands are promoted to one dtype (`result_type`; scalars are weak); integers and booleans given to a
/// function of floating dtypes become float64. Comparisons and predicates give bool, `abs`, `real` and `imag` of
/// complex numbers their real dtype, all others the promoted dtype.
/// Accuracy: the `ulp` of the row. Integer arithmetic wraps around.
/// Cost: deferred; a chain of them is evaluated in one pass without temporaries.
/// Throws: `shape_error` if shapes do not broadcast, `dtype_error` if the dtype is not among the row's kinds or a weak
/// integer does not fit the dtype.
/// Thread safety: expressions are immutable; any thread may call these.
/// Operands are handles, taken by value so that those of a longer expression move.
#define TD_UN(name, kinds, result, formula, flops, ulp, summary) TANDEM_API expr name(expr x);
#define TD_BIN(name, kinds, result, formula, flops, ulp, summary) TANDEM_API expr name(expr x, expr y);
#define TD_TER(name, kinds, result, formula, flops, ulp, summary) TANDEM_API expr name(expr x, expr y, expr z);
#include <tandem/tables/elementwise.inc>

/// Each element limited to [low, high]; nan stays nan, and where low > high the result is high.
/// Shapes, dtype, cost and exceptions: as the functions above.
TANDEM_API expr clip(expr x, expr low, expr high);

/// The elements converted to another dtype.
///
/// Floats to integers truncate, NaN gives 0 and values out of range saturate; integers to narrower integers wrap; any
/// number other than 0 is true. Throws: `dtype_error` for complex to real (take `real(x)` or `abs(x)`).
TANDEM_API expr astype(expr x, dtype type);

TANDEM_API expr operator+(expr x, expr y);
TANDEM_API expr operator-(expr x, expr y);
TANDEM_API expr operator*(expr x, expr y);
TANDEM_API expr operator/(expr x, expr y);
/// `remainder(x, y)`, with the sign of y as in Python (not as C++'s `%`).
TANDEM_API expr operator%(expr x, expr y);
TANDEM_API expr operator-(expr x);
TANDEM_API expr operator+(expr x);
TANDEM_API expr operator==(expr x, expr y);
TANDEM_API expr operator!=(expr x, expr y);
TANDEM_API expr operator<(expr x, expr y);
TANDEM_API expr operator<=(expr x, expr y);
TANDEM_API expr operator>(expr x, expr y);
TANDEM_API expr operator>=(expr x, expr y);
TANDEM_API expr operator&(expr x, expr y);
TANDEM_API expr operator|(expr x, expr y);
TANDEM_API expr operator^(expr x, expr y);
TANDEM_API expr operator~(expr x);
TANDEM_API expr operator<<(expr x, expr y);
TANDEM_API expr operator>>(expr x, expr y);
/// `logical_not(x)`.
TANDEM_API expr operator!(expr x);

}  // namespace tandem
