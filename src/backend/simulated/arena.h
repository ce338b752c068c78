#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

// The memory of a simulated device as a part of the process's address space.
namespace tandem::backend::simulation {

/// Memory that is mapped at a fixed distance from its addresses: at the addresses themselves nothing can be read or
/// written, so that code which takes them for the host's faults. Pages are taken when they are first written and given
/// back when their block is freed.
///
/// Contents that nobody wrote show: in the first and the last 64 KiB of a block all bits are set (not a number as
/// floats, -1 as integers), when it is allocated and when it is freed.
///
/// Thread safety: none but for `accessible`.
class arena {
 public:
  static constexpr std::int64_t alignment_bytes = 256;
  static constexpr std::int64_t poisoned_bytes = 64 * 1024;
  static constexpr int poison = 0xff;

  explicit arena(std::int64_t capacity_bytes);
  ~arena();
  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;

  /// Takes the address space, unless that is done. Throws: `out_of_memory` if the process cannot have it.
  void reserve();

  /// What a block of that size takes: a multiple of the alignment, at least one; -1 if there cannot be such a block.
  std::int64_t taken_by(std::int64_t size_bytes) const noexcept;
  /// An address; null if there is no gap that is large enough.
  std::byte* allocate(std::int64_t size_bytes);
  /// The block may not be used from now on; its bytes stay what they are. False if there is none there that was
  /// allocated with such a size.
  bool retire(const std::byte* block, std::int64_t size_bytes) noexcept;
  /// Takes back a block that was retired.
  void free(std::byte* block) noexcept;

  /// Whether the bytes lie in one block that is in use.
  bool holds(const std::byte* begin, std::int64_t size_bytes) const noexcept;
  /// Of pages in memory, which may be less than what is allocated.
  std::int64_t resident_bytes() const noexcept;

  /// Where the host can use what has that address.
  std::byte* accessible(std::byte* address) const noexcept { return address + distance_; }
  const std::byte* accessible(const std::byte* address) const noexcept { return address + distance_; }

 private:
  struct block {
    std::int64_t size;
    bool is_retired;
  };

  void set_poison(std::int64_t begin, std::int64_t size_bytes) noexcept;

  std::int64_t capacity_;
  std::int64_t distance_ = 0;
  std::byte* base_ = nullptr;
  int file_ = -1;
  /// By their distance from the base. Gaps do not touch one another.
  std::map<std::int64_t, block> blocks_;
  std::map<std::int64_t, std::int64_t> gaps_;
};

}  // namespace tandem::backend::simulation
