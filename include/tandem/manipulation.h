#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <tandem/dims.h>
#include <tandem/export.h>
#include <tandem/expr.h>
#include <tandem/statistics.h>

namespace tandem {

// What all functions here share: dtypes are kept (those that join arrays promote them by `result_type`); negative axes
// count from the last; for an ndarray, those marked "view" share its storage and copy nothing, for any other expression
// they are a view of its result. They throw `index_error` for an axis out of range or given twice, and `shape_error` if
// shapes do not fit. Thread safety: any thread may call these.

/// The elements in row-major order in another shape; one extent may be -1 and is computed. A view when the strides
/// allow it, else a copy when evaluated. Throws: `shape_error` if the number of elements differs.
TANDEM_API expr reshape(const expr& x, const dims& shape);
/// The axes in another order: axis i of the result is axis order[i] of `x`. View.
TANDEM_API expr permute_dims(const expr& x, const dims& order);
/// Axes moved to other positions, the others keep their order. View.
TANDEM_API expr moveaxis(const expr& x, const dims& source, const dims& destination);
/// The last two axes swapped. View. Throws: `shape_error` for rank below 2.
TANDEM_API expr matrix_transpose(const expr& x);
/// A new axis of extent 1 at position `axis` of the result. View.
TANDEM_API expr expand_dims(const expr& x, std::int64_t axis = 0);
/// Without the given axes, which must have extent 1. View.
TANDEM_API expr squeeze(const expr& x, const dims& axis);
/// The elements in reverse order along the given axes. View.
TANDEM_API expr flip(const expr& x, const axes& axis = {});
/// Repeated along axes of extent 1 and new leading axes to the given shape. View, read-only.
TANDEM_API expr broadcast_to(const expr& x, const dims& shape);
/// All broadcast to their common shape. Views, read-only.
TANDEM_API std::vector<expr> broadcast_arrays(const std::vector<expr>& arrays);
/// Arrays joined along an existing axis; no axis flattens them first.
TANDEM_API expr concat(const std::vector<expr>& arrays, std::optional<std::int64_t> axis = 0);
/// Arrays of one shape joined along a new axis.
TANDEM_API expr stack(const std::vector<expr>& arrays, std::int64_t axis = 0);
/// The sub-arrays along an axis. Views.
TANDEM_API std::vector<expr> unstack(const expr& x, std::int64_t axis = 0);
/// Elements shifted along axes, those that leave at one end enter at the other; no axis rolls the flattened elements.
/// Throws: `argument_error` if there are as many shifts as axes nor one.
TANDEM_API expr roll(const expr& x, const dims& shift, const axes& axis = {});
/// Each element repeated; no axis flattens first.
TANDEM_API expr repeat(const expr& x, std::int64_t repeats, std::optional<std::int64_t> axis = std::nullopt);
/// Each element repeated by its own count. Evaluates `repeats` (integers, one axis) at once.
/// Throws: `shape_error` if their number is not the extent, `argument_error` for a negative one.
TANDEM_API expr repeat(const expr& x, const expr& repeats, std::optional<std::int64_t> axis = std::nullopt);
/// `x` laid side by side `repetitions[i]` times along each axis.
TANDEM_API expr tile(const expr& x, const dims& repetitions);

}  // namespace tandem
