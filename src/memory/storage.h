#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "memory/device_memory.h"
#include "memory/use_history.h"

namespace tandem::detail {

class device_use;
class replica;

/// What a piece of work does with a storage.
enum class access : std::uint8_t {
  read,
  update,     ///< Writes some of it.
  overwrite,  ///< Writes all of it, or what it does not write means nothing.
};

/// A block of bytes that arrays are views of: on the host, on devices, or on several of them. It knows where the bytes
/// are what was written last. Using them elsewhere copies them there, all of them and once; writing somewhere makes
/// what the others have stale. It counts the operations that wrote to it, so that an expression which captured it can
/// tell whether its operands are still what they were.
///
/// Memory of the application's is written back at once when a device has written to it.
///
/// Thread safety: any number of threads may use it for reading at once, on any devices; one may write while none reads.
class storage {
 public:
  /// New memory of at least `size_bytes`, aligned to 64 bytes, not set. Throws: `out_of_memory`.
  static std::shared_ptr<storage> allocate(std::int64_t size_bytes);
  /// Without memory yet: its first use decides where that is. Until it is written to, the bytes are not set.
  /// Throws: `std::bad_alloc`.
  static std::shared_ptr<storage> unplaced(std::int64_t size_bytes);
  /// Memory owned by somebody else; `release` (may be empty) is called once when the last handle is gone.
  static std::shared_ptr<storage> adopt(void* data, std::int64_t size_bytes, std::function<void()> release);

  class key;
  storage(key, std::byte* data, std::int64_t size_bytes, bool is_ours) noexcept;
  storage(const storage&) = delete;
  storage& operator=(const storage&) = delete;
  ~storage();

  /// The address on the host, where the bytes are what was written last. If they were not, copies them from a device,
  /// and waits. Throws: `device_error` if that fails, `out_of_memory`.
  std::byte* data() const {
    if ((host_state_.load(std::memory_order_acquire) & (valid | tells_reading)) != valid) fetch();
    return data_.load(std::memory_order_relaxed);
  }
  /// The same for an evaluation, of which a watcher knows.
  std::byte* data_for_evaluation() const {
    if (!is_on_host()) fetch_untold();
    return data_.load(std::memory_order_relaxed);
  }
  /// The address for work that overwrites everything, or sets all that means anything: nothing is copied. The bytes
  /// there count from `mark_written` on. Throws: `out_of_memory`.
  std::byte* data_to_overwrite();

  std::int64_t size_bytes() const noexcept { return size_bytes_; }
  /// Whether the memory is not an application's.
  bool is_ours() const noexcept { return is_ours_; }
  /// The address of adopted memory, which is all that one can compare of different storages.
  const std::byte* adopted_address() const noexcept {
    return is_ours_ ? nullptr : data_.load(std::memory_order_relaxed);
  }

  /// Whether the host, or the device, has what was written last. Memory of the host counts as the host.
  bool is_on_host() const noexcept { return (host_state_.load(std::memory_order_acquire) & valid) != 0; }
  bool is_on(const memory::device_memory& where) const;
  /// Whether there is nothing to be copied yet: nothing was written to it, and it has no memory.
  bool is_unplaced() const noexcept { return data_.load(std::memory_order_relaxed) == nullptr && version() == 0; }
  /// Whether a device may have it; false is certain.
  bool may_be_on_device() const noexcept { return part_.load(std::memory_order_acquire) != nullptr; }
  /// The devices' memories that have it.
  std::vector<memory::device_memory*> devices() const;

  /// The host's memory, if it is not an application's and large enough, is to be pinned for copies to and from `where`.
  void pin_for(memory::device_memory& where) noexcept {
    if (is_ours_ && size_bytes_ >= least_pinned_bytes) pins_for_.store(&where, std::memory_order_relaxed);
  }

  bool is_pinned() const noexcept { return pinned_by_.load(std::memory_order_relaxed) != nullptr; }

  /// For whoever chooses where evaluations run.
  memory::placement_note& note() const noexcept { return note_; }

  /// Number of writes so far.
  std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }
  /// The bytes at the address on the host, which was asked for, were written to, or will be.
  void mark_written() noexcept;
  /// The same for an evaluation, of which a watcher knows.
  void mark_made() noexcept;

  /// An evaluation has used the bytes, or written them: the watcher (see watcher.h) is told of it when the application
  /// writes them next or, if they were written, reads them on the host; and when this is destroyed.
  void watch(bool was_written) noexcept;
  /// A number of its own, from 1 on, which no other storage of the process has or had.
  std::uint64_t id() const noexcept;

 private:
  friend class device_use;
  friend class memory::device_memory;

  /// What devices have, made when one first has something.
  struct device_part {
    std::mutex guard;
    std::vector<std::unique_ptr<replica>> replicas;

    replica* find(const memory::device_memory& where) const noexcept;
    std::unique_ptr<replica> take(const replica& which) noexcept;
  };

  // Bits of what is known of the host's bytes: whether they are what was written last, and of what a watcher is told.
  static constexpr std::uint8_t valid = 1;
  static constexpr std::uint8_t tells_reading = 2;
  static constexpr std::uint8_t tells_writing = 4;

  /// Pages are pinned whole, and smaller blocks share theirs with others.
  static constexpr std::int64_t least_pinned_bytes = std::int64_t{1} << 20;

  device_part& devices_part();
  /// Before a copy from or to the host's memory; with the lock.
  void pin_if_asked(const memory::device_memory& copies) const noexcept;
  void fetch() const;
  void fetch_untold() const;
  void copy_out_measured(const replica& from) const;
  void fetch_locked(device_part& part) const;
  /// For `device_memory`: hands over a replica that nothing needs there, else null. Does not wait for a lock.
  std::unique_ptr<replica> give_up(const replica& which) noexcept;
  void drop_replicas_but(const replica* kept) noexcept;

  mutable std::atomic<std::byte*> data_;
  std::int64_t size_bytes_;
  bool is_ours_;
  mutable std::atomic<std::uint8_t> host_state_;
  std::atomic<device_part*> part_{nullptr};
  std::atomic<memory::device_memory*> pins_for_{nullptr};
  mutable memory::placement_note note_;
  /// Has the host's memory pinned.
  mutable std::atomic<memory::device_memory*> pinned_by_{nullptr};
  std::function<void()> release_;
  std::atomic<std::uint64_t> version_{0};
  mutable std::atomic<std::uint64_t> id_{0};
};

/// A storage's bytes in a device's memory while a piece of work on them is being given to the device. The storage must
/// outlive it.
class device_use {
 public:
  device_use() = default;
  /// Sees to it that the device has the bytes, unless they will be overwritten, and that the calling thread's work
  /// begins after the work that it must not overtake. `where` is not the host's.
  /// Throws: `out_of_memory`, `device_error`. What the storage holds is unchanged then.
  device_use(storage& of, memory::device_memory& where, access how);
  device_use(device_use&& other) noexcept { swap(other); }
  device_use& operator=(device_use&& other) noexcept {
    swap(other);
    return *this;
  }
  ~device_use();

  std::byte* data() const noexcept;
  /// The calling thread's work from now on begins after what wrote the bytes last: for a use that was made while copies
  /// go to a queue of their own. Throws: `device_error`.
  void await_bytes() const;
  /// The work has been given; it is done at `end`. For one that writes: others' bytes are stale from now on.
  /// Throws: `device_error` if memory of the application's cannot be written back.
  void given(const memory::mark_ptr& end);

 private:
  void swap(device_use& other) noexcept {
    std::swap(of_, other.of_);
    std::swap(replica_, other.replica_);
    std::swap(how_, other.how_);
    std::swap(is_new_, other.is_new_);
  }

  storage* of_ = nullptr;
  replica* replica_ = nullptr;
  access how_ = access::read;
  /// The block was made for this work and has no elements before it.
  bool is_new_ = false;
};

}  // namespace tandem::detail
