#pragma once

#include <cstdint>

namespace tandem::testing_io {

/// Bytes asked of operator new, by this program and the library in it, since the last `start`: at least what was held
/// at any moment.
class memory_watch {
 public:
  static void start() noexcept;
  static std::int64_t requested_bytes() noexcept;
};

}  // namespace tandem::testing_io
