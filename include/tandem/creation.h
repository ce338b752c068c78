#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <tandem/dims.h>
#include <tandem/dtype.h>
#include <tandem/export.h>
#include <tandem/expr.h>
#include <tandem/ndarray.h>
#include <tandem/scalar.h>

namespace tandem {

// What all functions here share: they allocate a new row-major array (or, where they return an expr, describe it), and
// throw `shape_error` for a negative extent or a size that overflows 64 bits and `out_of_memory` if memory is lacking.

/// All elements 0.
TANDEM_API ndarray zeros(const dims& shape, dtype type = dtype::float64);
/// All elements 1.
TANDEM_API ndarray ones(const dims& shape, dtype type = dtype::float64);
/// All elements `value`, in `type` or else the default dtype of the value's kind: bool, int64, float64, complex128.
/// Throws also `dtype_error` if `type` cannot hold the value.
TANDEM_API ndarray full(const dims& shape, const scalar& value, std::optional<dtype> type = std::nullopt);
/// Elements not set.
TANDEM_API ndarray empty(const dims& shape, dtype type = dtype::float64);
/// Shape and dtype of `x`, without evaluating it.
TANDEM_API ndarray zeros_like(const expr& x, std::optional<dtype> type = std::nullopt);
TANDEM_API ndarray ones_like(const expr& x, std::optional<dtype> type = std::nullopt);
TANDEM_API ndarray full_like(const expr& x, const scalar& value, std::optional<dtype> type = std::nullopt);
TANDEM_API ndarray empty_like(const expr& x, std::optional<dtype> type = std::nullopt);

/// 0, 1, ... before `stop`. dtype as the next.
TANDEM_API ndarray arange(const scalar& stop, std::optional<dtype> type = std::nullopt);
/// start + i * step for i = 0, 1, ... before `stop`, ceil((stop - start) / step) elements; int64 if all three are
/// integers, else float64. Throws also `argument_error` for a zero or nan step and for infinite bounds.
TANDEM_API ndarray arange(const scalar& start, const scalar& stop, const scalar& step = 1,
                          std::optional<dtype> type = std::nullopt);
/// `count` values evenly spaced from `start` to `stop`, which is the last of them if `endpoint`. float64, or complex128
/// if a bound is complex, or `type`. Throws also `argument_error` for a negative count.
TANDEM_API ndarray linspace(const scalar& start, const scalar& stop, std::int64_t count,
                            std::optional<dtype> type = std::nullopt, bool endpoint = true);
/// (rows, columns) with ones on diagonal `k` (0 the main one, positive above) and zeros elsewhere.
TANDEM_API ndarray eye(std::int64_t rows, std::optional<std::int64_t> columns = std::nullopt, std::int64_t k = 0,
                       dtype type = dtype::float64);
/// Coordinate arrays: for n inputs of one axis, n broadcast views of rank n. `indexing` is "xy" (the first two axes
/// swapped, as for images) or "ij". Throws: `shape_error` for an input of rank above 1, `dtype_error` if dtypes differ,
/// `argument_error` for another indexing.
TANDEM_API std::vector<expr> meshgrid(const std::vector<expr>& arrays, std::string_view indexing = "xy");
/// `x` with zeros above diagonal `k`, over the last two axes. Deferred. Throws: `shape_error` for rank below 2.
TANDEM_API expr tril(const expr& x, std::int64_t k = 0);
/// `x` with zeros below diagonal `k`, over the last two axes. Deferred. Throws: `shape_error` for rank below 2.
TANDEM_API expr triu(const expr& x, std::int64_t k = 0);

}  // namespace tandem
