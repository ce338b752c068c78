#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tandem/ndarray.h>

namespace tandem::io {

/// The bytes of an array as a .npy file, piece by piece, without a copy of the whole: a contiguous array gives its own
/// memory, another one is gathered through a buffer of bounded size.
class npy_stream {
 public:
  /// `buffer` must outlive the stream; it grows here if this array needs one. Streams that are read one after the other
  /// may share it.
  npy_stream(ndarray array, std::vector<std::byte>& buffer);

  std::int64_t size_bytes() const noexcept { return static_cast<std::int64_t>(preamble_.size()) + array_.size_bytes(); }
  /// The next bytes, none at the end; valid until the next call.
  std::span<const std::byte> next() noexcept;
  /// Begins again.
  void rewind() noexcept;

 private:
  ndarray array_;
  std::string preamble_;
  std::vector<std::byte>* buffer_;
  bool is_contiguous_;
  bool is_preamble_given_ = false;
  std::int64_t elements_given_ = 0;
};

}  // namespace tandem::io
