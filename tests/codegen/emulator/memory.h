#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace tandem::testing {

/// A buffer as a GPU has it, aligned to 256 bytes, whose surroundings are watched: what lies before and after it within
/// 256 bytes is compared by `is_intact`, and what lies beyond cannot be accessed.
class guarded_memory {
 public:
  guarded_memory() = default;
  /// Filled with 0xcb, which is no sound number of any dtype.
  explicit guarded_memory(std::int64_t size_bytes);
  guarded_memory(const guarded_memory&) = delete;
  guarded_memory& operator=(const guarded_memory&) = delete;
  guarded_memory(guarded_memory&& other) noexcept { *this = std::move(other); }
  guarded_memory& operator=(guarded_memory&& other) noexcept;
  ~guarded_memory();

  std::byte* data() const noexcept { return data_; }
  std::int64_t size_bytes() const noexcept { return size_bytes_; }
  void forbid_writing();
  bool is_intact() const noexcept;

 private:
  std::byte* mapping_ = nullptr;
  std::int64_t mapping_bytes_ = 0;
  std::byte* data_ = nullptr;
  std::int64_t size_bytes_ = 0;
};

}  // namespace tandem::testing
