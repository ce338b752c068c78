#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <tandem/ndarray.h>

#include "io/npy_header.h"
#include "memory/storage.h"

// Elements of a .npy file on their way into memory: byte order, float16, and bytes that are no C++ bool.
namespace tandem::io {

/// The value of an IEEE 754 binary16, exactly; NaNs keep their payload.
inline float half_to_float(std::uint16_t half) noexcept {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1fu;
  const std::uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0) {
    // Zero and subnormals: mantissa * 2^-24 is a normal float32.
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(static_cast<float>(mantissa) * 0x1p-24f));
  }
  // The exponent's bias changes from 15 to 127; all ones stay all ones.
  return std::bit_cast<float>(sign | (exponent == 0x1f ? 0xffu : exponent + 112) << 23 | mantissa << 13);
}

/// Makes bytes that are neither 0 nor 1 to 1, as NumPy understands them, and writes no others.
void normalize_bools(std::byte* at, std::int64_t count) noexcept;

/// Reads the elements behind the header into new memory and makes them native.
///
/// At most `confirmed_bytes` (or 64 KiB) are allocated before that many bytes have been read; then the memory doubles
/// as bytes arrive. So what a header claims is never allocated on its word alone. Throws: `io_error` if `read` ends
/// early, `out_of_memory`.
std::shared_ptr<detail::storage> read_elements(const npy_header& header, const byte_reader& read,
                                               std::int64_t confirmed_bytes, std::string_view where);

/// The array whose elements are at the beginning of `memory`; Fortran order becomes a transposed view.
ndarray make_array(std::shared_ptr<detail::storage> memory, const npy_header& header);

}  // namespace tandem::io
