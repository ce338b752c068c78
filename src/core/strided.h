#pragma once

#include <cstddef>
#include <cstdint>

#include "core/layout.h"

// Copies between strided memory and contiguous runs, without knowing what the elements mean.
namespace tandem::core {

/// Copies `count` elements, from the `first` one in row-major order on, to contiguous memory. `base` is the address of
/// the storage's element 0 (the layout's offset is applied). `item_bytes` is 1, 2, 4, 8 or 16.
void gather(const std::byte* base, const layout& from, std::int64_t item_bytes, std::int64_t first, std::int64_t count,
            std::byte* to);

/// The inverse: copies contiguous elements to `count` places, from the `first` one in row-major order on.
void scatter(const std::byte* from, std::byte* base, const layout& to, std::int64_t item_bytes, std::int64_t first,
             std::int64_t count);

/// Offset in the storage, in elements, of the element with this row-major number.
std::int64_t offset_of(const layout& at, std::int64_t number);

/// Whether reading these elements in row-major order, from `first` on, meets them one after the other in memory.
/// If so, their address, else null.
const std::byte* contiguous_run(const std::byte* base, const layout& from, std::int64_t item_bytes, std::int64_t first,
                                std::int64_t count);

}  // namespace tandem::core
