#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <tandem/dims.h>
#include <tandem/dtype.h>
#include <tandem/index.h>
#include <tandem/ndarray.h>

// Arithmetic on shapes, strides and offsets. All functions are pure; `what` is the operation that an error names.
namespace tandem::core {

using detail::layout;

/// Number of elements. Throws: `shape_error` for a negative extent or a product over 2^63 - 1.
std::int64_t checked_size(const dims& shape, std::string_view what);
/// Number of bytes of a contiguous array. Throws: as `checked_size`.
std::int64_t checked_bytes(const dims& shape, dtype type, std::string_view what);
/// Number of elements of a shape already known to be sound.
std::int64_t size_of(const dims& shape) noexcept;

/// Strides of a row-major array.
dims row_major(const dims& shape);
/// A row-major layout at offset 0.
layout contiguous(const dims& shape);
/// Whether elements lie one after the other in row-major order; axes of extent 1 do not matter.
bool is_contiguous(const layout& at) noexcept;

/// The axis counted from 0. Throws: `index_error` if not in [-rank, rank).
int normalize_axis(std::int64_t axis, int rank, std::string_view what);
/// All axes counted from 0. Throws: `index_error` if one is out of range or given twice.
dims normalize_axes(const dims& axes, int rank, std::string_view what);

/// The shape that both broadcast to. Throws: `shape_error`.
dims broadcast_shapes(const dims& left, const dims& right, std::string_view what);
/// A view of `from` in a larger shape, with zero strides. Throws: `shape_error`.
layout broadcast(const layout& from, const dims& shape, std::string_view what);
/// Axis i of the result is axis order[i]. `order` must be a permutation.
layout permute(const layout& from, const dims& order);
/// Axes by decreasing magnitude of their strides, equal ones in their order: the order in which memory lies.
dims by_stride(const dims& strides);
/// Basic indexing. Throws: `index_error`, `argument_error`.
layout index_view(const layout& from, std::span<const index> at);
/// The shape with a -1 replaced by what is left. Throws: `shape_error` if the sizes differ.
dims resolve_reshape(std::int64_t size, const dims& shape, std::string_view what);
/// The same elements in row-major order in another shape of the same size without a copy, if the strides allow it.
std::optional<layout> reshape(const layout& from, const dims& shape);

/// The lowest and one past the highest element offset that the layout touches; equal if it is empty.
struct offset_range {
  std::int64_t begin;
  std::int64_t end;
};
/// Throws: `shape_error` if an offset overflows.
offset_range range_of(const layout& at);

}  // namespace tandem::core
