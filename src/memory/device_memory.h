#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>

#include <tandem/export.h>

// The memory of one device, and the order of the work on it, as storages and backends use it.
namespace tandem::detail {
class replica;
}

namespace tandem::memory {

/// A point in the work that one thread has given to a device: reached when all of that work is done.
/// Thread safety: any thread.
class TANDEM_API mark {
 public:
  mark() = default;
  mark(const mark&) = delete;
  mark& operator=(const mark&) = delete;
  virtual ~mark() = default;

  /// Whether it is reached, or will never be. Does not wait.
  virtual bool is_reached() const noexcept = 0;
  /// Blocks until it is reached. Throws: `device_error` if that work failed, or the device did.
  virtual void wait() const = 0;
  /// Whether it is certain to be reached when `other`, a mark of the same memory, is: it is no later a point of the
  /// same queue. Asks no device.
  virtual bool is_reached_before([[maybe_unused]] const mark& other) const noexcept { return false; }
};
using mark_ptr = std::shared_ptr<const mark>;

/// What a device's memory holds, in bytes.
struct device_memory_information {
  /// Of the device, and what is free for anybody.
  std::int64_t total_bytes;
  std::int64_t free_bytes;
  /// In blocks that are allocated, the most there were since the start, and in freed blocks that are kept for reuse.
  std::int64_t in_use_bytes;
  std::int64_t peak_bytes;
  std::int64_t cached_bytes;
};

/// The memory of one device. Blocks are addresses on the device: the host must not touch them, unless `is_host` says
/// so.
///
/// Work, which is copies and runs of programs, is given to a queue: each thread has one for each device, and may have
/// another one for copies beside its work (`begin_copies`). The work of one queue is done in the order in which it was
/// given, and may be done after the function that gave it has returned.
/// Queues are ordered with one another by marks only.
///
/// Thread safety: any thread, any function.
class TANDEM_API device_memory {
 public:
  device_memory() = default;
  device_memory(const device_memory&) = delete;
  device_memory& operator=(const device_memory&) = delete;
  virtual ~device_memory() = default;

  /// "cpu", "gpu:0", "sim:h200".
  virtual std::string_view name() const noexcept = 0;
  /// Whether its blocks are host memory, and all work is done when the function that gave it returns.
  virtual bool is_host() const noexcept { return false; }

  /// A block of at least `size_bytes`, not set, aligned to 256 bytes (64 on the host), for work that the calling thread
  /// gives from now on. Never null. When there is not enough memory, freed blocks that are kept go first, then replicas
  /// whose elements the host has, too, and that no evaluation is using, the least recently used first.
  /// Throws: `out_of_memory`, `device_error`.
  std::byte* allocate(std::int64_t size_bytes);
  /// Takes a block back, with the size that was asked for. It serves others when the work that the calling thread has
  /// given so far is done and the marks are reached. Does not wait.
  virtual void release(std::byte* block, std::int64_t size_bytes, std::span<const mark_ptr> uses) noexcept = 0;

  /// Copies from the host; returns when `from` has been read, which may be before `to` is complete.
  /// Throws: `device_error`, `out_of_memory` for staging memory.
  virtual void copy_in(const std::byte* from, std::byte* to, std::int64_t size_bytes) = 0;
  /// Copies to the host, after the work that the calling thread has given; returns when `to` is complete.
  /// Throws: as `copy_in`, and the error of work before it.
  virtual void copy_out(const std::byte* from, std::byte* to, std::int64_t size_bytes) = 0;

  /// The end of the work that the calling thread has given so far. Throws: `device_error`.
  virtual mark_ptr make_mark() = 0;
  /// Work that the calling thread gives from now on begins after `point`, a mark of this memory, is reached. Does not
  /// wait. Throws: `device_error`.
  virtual void await(const mark& point) = 0;
  /// Blocks until all work of all threads is done. Throws: `device_error`.
  virtual void synchronize() = 0;

  /// Until `end_copies`, the calling thread's allocations, releases, copies and marks go to a second queue of the
  /// thread, so that copies are made beside its work, which awaits their marks. False if there is no such queue, or the
  /// thread's work goes to a stream that it was lent: then nothing has changed. Not within itself.
  /// Throws: `device_error`.
  virtual bool begin_copies() { return false; }
  /// Ends what a `begin_copies` that returned true began.
  virtual void end_copies() noexcept {}

  /// Microseconds of the clock that work here is measured by: real time, or a simulated device's own.
  virtual double time_us() noexcept;
  /// As `make_mark`, for `passed_us`. Throws: `device_error`.
  virtual mark_ptr make_timed_mark() { return make_mark(); }
  /// Microseconds between two timed marks of one queue, the second made later. Nothing if the second one is not reached
  /// yet, or the device cannot tell. Does not wait.
  virtual std::optional<double> passed_us(const mark& begin, const mark& end) noexcept;

  /// The calling thread's work goes to this stream of the backend's kind from now on (a CUDA stream, as a number), in
  /// order with work that others give it; 0 gives the thread its own queue back.
  /// Throws: `device_error` if the backend has no such streams.
  virtual void use_stream(std::uintptr_t stream);

  /// Throws: `device_error`.
  virtual device_memory_information information() = 0;
  /// Pins memory of the host, so that it is copied without a detour; false if that is not possible, or of no use.
  virtual bool pin(std::byte* begin, std::int64_t size_bytes) noexcept;
  /// Undoes it, before the memory is freed. Work that uses it is done.
  virtual void unpin(std::byte* begin, std::int64_t size_bytes) noexcept;

  /// Bytes of replicas that would go if there were not enough memory: the host has their elements, too.
  std::int64_t spare_bytes() noexcept;

  /// Gives freed blocks that are kept back, and returns how many bytes. May wait for work.
  virtual std::int64_t trim() noexcept { return 0; }

 protected:
  /// As `allocate`, but null if there is not enough memory. Throws: `device_error`.
  virtual std::byte* try_allocate(std::int64_t size_bytes) = 0;

 private:
  friend class detail::replica;

  void add(detail::replica& made);
  void remove(detail::replica& gone) noexcept;
  void touch(detail::replica& used) noexcept;
  /// Releases the least recently used replica that can be spared; false if there is none.
  bool evict_one() noexcept;

  std::mutex guard_;
  /// Replicas with a block here, the least recently used first.
  std::list<detail::replica*> replicas_;
};

/// While it lives, what the calling thread copies to a device goes beside its work, if that is possible there.
class copies_beside_work {
 public:
  /// Throws: `device_error`.
  copies_beside_work(device_memory& where, bool wanted) : where_(wanted && where.begin_copies() ? &where : nullptr) {}
  copies_beside_work(const copies_beside_work&) = delete;
  copies_beside_work& operator=(const copies_beside_work&) = delete;
  ~copies_beside_work() {
    if (where_ != nullptr) where_->end_copies();
  }
  /// Whether it is possible, so that the work must await the copies' marks.
  bool is_beside() const noexcept { return where_ != nullptr; }

 private:
  device_memory* where_;
};

/// Host memory as the memory of a device, for backends that compute there. Lives as long as the program.
TANDEM_API device_memory& host();

}  // namespace tandem::memory
