#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <vector>

#include "memory/device_memory.h"

namespace tandem::detail {

class storage;

/// A storage's elements in the memory of a device. One that no longer has them is destroyed, so each is valid, once
/// `written` is reached. All members are for its storage, with the storage's lock.
class replica {
 public:
  /// Takes over a block of that memory.
  replica(storage& of, memory::device_memory& where, std::byte* block, std::int64_t size_bytes);
  replica(const replica&) = delete;
  replica& operator=(const replica&) = delete;
  /// Releases the block, for after the work that uses it.
  ~replica();

  memory::device_memory& where() const noexcept { return where_; }
  std::byte* block() const noexcept { return block_; }
  std::int64_t size_bytes() const noexcept { return size_bytes_; }
  /// Whether the host has the elements, too, as far as one can tell without the storage's lock.
  bool is_spare() const noexcept;

  /// Makes it the most recently used one of its memory.
  void touch() noexcept { where_.touch(*this); }
  /// Work that reads the block has been given, or work that writes it, after all that used it.
  void add_reader(const memory::mark_ptr& end);
  void set_writer(const memory::mark_ptr& end) noexcept;
  /// The calling thread's work will begin after what wrote it last, or after all that used it.
  void await_writer() const;
  void await_all() const;

  /// Pieces of work that have the address and have not been given yet. It is not evicted meanwhile.
  int users = 0;

 private:
  friend class memory::device_memory;

  storage& of_;
  memory::device_memory& where_;
  std::byte* block_;
  std::int64_t size_bytes_;
  memory::mark_ptr written_;
  std::vector<memory::mark_ptr> read_;
  /// In the list of its memory.
  std::list<replica*>::iterator place_;
};

}  // namespace tandem::detail
