#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace tandem::detail {

/// A block of host memory that arrays are views of. It counts the operations that wrote to it, so that an expression
/// which captured it can tell whether its operands are still what they were.
///
/// Thread safety: the counter is atomic; the bytes are the business of whoever reads and writes them.
class storage {
 public:
  /// New memory of at least `size_bytes`, aligned to 64 bytes, not set. Throws: `out_of_memory`.
  static std::shared_ptr<storage> allocate(std::int64_t size_bytes);
  /// Memory owned by somebody else; `release` (may be empty) is called once when the last handle is gone.
  static std::shared_ptr<storage> adopt(void* data, std::int64_t size_bytes, std::function<void()> release);

  class key;
  storage(key, std::byte* data, std::int64_t size_bytes, bool is_ours) noexcept;
  storage(const storage&) = delete;
  storage& operator=(const storage&) = delete;
  ~storage();

  std::byte* data() const noexcept { return data_; }
  std::int64_t size_bytes() const noexcept { return size_bytes_; }
  /// Whether `allocate` made it.
  bool is_ours() const noexcept { return is_ours_; }

  /// Number of writes so far.
  std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }
  void mark_written() noexcept { version_.fetch_add(1, std::memory_order_acq_rel); }

 private:
  std::byte* data_;
  std::int64_t size_bytes_;
  /// Whether the bytes are a block of the host pool.
  bool is_ours_;
  std::function<void()> release_;
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace tandem::detail
