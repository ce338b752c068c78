#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <tandem/dims.h>
#include <tandem/dtype.h>

// What stands before the elements in a .npy file: magic, version, and a Python dict literal.
namespace tandem::io {

/// Gives the next bytes of a file or of a zip member: `size` of them, or fewer if it ends.
using byte_reader = std::function<std::size_t(std::byte* to, std::size_t size)>;

/// Longest header text that is read, as in NumPy.
inline constexpr std::int64_t largest_header_bytes = 10'000;

struct npy_header {
  /// Of the array to be made. The file's elements are of this type too, unless `is_half`.
  dtype type = dtype::float64;
  /// The file has float16, which becomes float32.
  bool is_half = false;
  /// The file's byte order is not this machine's.
  bool is_swapped = false;
  bool is_fortran_order = false;
  dims shape;
  /// Number of elements.
  std::int64_t size = 0;
  /// Size of one element in the file.
  std::int64_t item_bytes = 0;
  /// Where the elements begin, and how many bytes they are. Their sum, and the array's own size, fit 63 bits.
  std::int64_t data_offset = 0;
  std::int64_t data_bytes = 0;
};

/// Reads magic, version and header, and nothing behind them. `where` begins an error's text.
/// Throws: `io_error` if anything is not as the format demands. Allocates at most `largest_header_bytes`.
npy_header read_npy_header(const byte_reader& read, std::string_view where);

/// The bytes that stand before the elements of a row-major array: version 1.0, a multiple of 64 bytes, the same as
/// NumPy (1.24 to 2.x) writes.
std::string npy_preamble(dtype type, const dims& shape);

/// `text` in single quotes, cut if long, with everything that a terminal might act on escaped.
std::string quoted(std::string_view text);

}  // namespace tandem::io
