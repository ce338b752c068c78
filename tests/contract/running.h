#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <tandem/expr.h>
#include <tandem/ndarray.h>

#include "backend/backend.h"

// Programs through the interface of a backend, without what chooses a device for them.
namespace tandem::testing {

/// A block of a device's memory while it lives.
class device_block {
 public:
  device_block(memory::device_memory& where, std::int64_t size_bytes)
      : where_(where), size_bytes_(size_bytes), data_(where.allocate(size_bytes)) {}
  device_block(const device_block&) = delete;
  device_block& operator=(const device_block&) = delete;
  ~device_block() { where_.release(data_, size_bytes_, {}); }

  std::byte* data() const { return data_; }
  std::int64_t size_bytes() const { return size_bytes_; }
  void put(const std::vector<std::byte>& bytes) { where_.copy_in(bytes.data(), data_, size_bytes_); }
  std::vector<std::byte> get() const {
    std::vector<std::byte> bytes(static_cast<std::size_t>(size_bytes_));
    where_.copy_out(data_, bytes.data(), size_bytes_);
    return bytes;
  }

 private:
  memory::device_memory& where_;
  std::int64_t size_bytes_;
  std::byte* data_;
};

/// What came of a run.
struct outcome {
  /// On the host.
  ndarray result;
  /// The bytes of every operand are what they were.
  bool operands_unharmed;
  /// With a target: so are the bytes of its storage that the target does not have.
  bool surroundings_unharmed;
};

/// Compiles an expression, copies its operands to the device, runs it there, into memory all of whose bits are set, and
/// copies the result back. With a target, an array of the value's shape and dtype on the host, it is written to a copy
/// of that; where an operand has the same storage, it reads that copy.
/// Throws: what the backend and its memory throw.
outcome run_on(backend::backend& where, const expr& value, const std::optional<ndarray>& target = std::nullopt);

}  // namespace tandem::testing
