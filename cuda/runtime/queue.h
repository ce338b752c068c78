#pragma once

#include <cuda_runtime_api.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "cuda/runtime/gpu.h"
#include "memory/device_memory.h"

// The order of the work on a GPU: a stream for each thread, or one that an application lends.
namespace tandem::cuda {

class blas_handle;
class queue_mark;
class timing_events;

/// A stream and the number of pieces of work that were given to it. Work is given by `stream()` and then counted by
/// `gave()`.
///
/// Marks are cheap, because most are never asked about: one is a number, and an event is recorded when another queue,
/// or the host, first wants to wait. It is then later in the stream than the mark: who waits may wait too long, never
/// too short. A stream that an application lends may be destroyed by it at any time, so there each piece of work has
/// its event recorded at once, and the stream is not touched afterwards.
///
/// Thread safety: any thread; a piece of work may be given while others are.
class queue : public std::enable_shared_from_this<queue> {
 public:
  /// A stream of its own. Throws: `device_error`.
  explicit queue(gpu& where);
  /// On a stream of the application's.
  queue(gpu& where, cudaStream_t lent);
  queue(const queue&) = delete;
  queue& operator=(const queue&) = delete;
  /// Streams of our own are kept for later threads, so only queues on lent streams are destroyed.
  ~queue();

  gpu& where() const noexcept { return where_; }
  cudaStream_t stream() const noexcept { return stream_; }

  /// Something was given to the stream. Throws: `device_error`.
  void gave();
  /// The end of what was given so far.
  memory::mark_ptr end();
  /// The same, where the device notes the time. The GPU must be current. Throws: `device_error`.
  memory::mark_ptr timed_end(timing_events& events);
  /// What is given from now on begins after `point`. Throws: `device_error`.
  void await(const queue_mark& point);
  /// Blocks until all that was given is done. `operation` is who asks, for errors. Throws: `device_error`.
  void synchronize(const char* operation);

  /// cuBLAS on this stream, made at first use. Throws: `device_error`, `out_of_memory`.
  blas_handle& blas();

 private:
  friend class queue_mark;

  /// An event and the number of pieces of work before it.
  struct recorded {
    cudaEvent_t event = nullptr;
    std::uint64_t sequence = 0;
  };

  void make_events();
  void record_locked(recorded& into);
  /// The event that others wait for, recorded at or after `sequence`.
  cudaEvent_t event_after(std::uint64_t sequence);
  bool is_reached(std::uint64_t sequence) noexcept;
  void wait(std::uint64_t sequence);
  void note_reached(std::uint64_t sequence) noexcept;

  gpu& where_;
  cudaStream_t stream_ = nullptr;
  bool is_lent_;
  std::atomic<std::uint64_t> given_{0};
  std::atomic<std::uint64_t> reached_{0};
  std::mutex guard_;
  recorded order_;
  /// Only polled, and not recorded again before it is reached: else a queue that always has work would never be seen to
  /// get anywhere.
  recorded poll_;
  std::unique_ptr<blas_handle> blas_;
};

/// A point in a queue.
class queue_mark : public memory::mark {
 public:
  queue_mark(std::shared_ptr<queue> in, std::uint64_t sequence) noexcept : in_(std::move(in)), sequence_(sequence) {}
  bool is_reached() const noexcept override { return in_->is_reached(sequence_); }
  void wait() const override { in_->wait(sequence_); }
  bool is_reached_before(const memory::mark& other) const noexcept override {
    const auto& later = static_cast<const queue_mark&>(other);
    return in_ == later.in_ && sequence_ <= later.sequence_;
  }

  const queue& in() const noexcept { return *in_; }

 private:
  friend class queue;

  std::shared_ptr<queue> in_;
  std::uint64_t sequence_;
};

/// The queues of a GPU. Lives as long as the process. Thread safety: any thread.
class queues {
 public:
  explicit queues(gpu& where) noexcept : where_(where) {}
  queues(const queues&) = delete;
  queues& operator=(const queues&) = delete;

  /// The calling thread's: its own, made at first use, that for copies, or the one it was told to use. Threads that are
  /// ending share one. Throws: `device_error`.
  queue& current();
  /// The calling thread's work goes to this stream; 0 for its own. Throws: `device_error`, also for a stream of another
  /// GPU and for one that is being captured.
  void use(std::uintptr_t stream);
  /// The calling thread's work goes to its second queue, made at first use, until `end_copies`; false, and nothing
  /// changed, if it goes to a stream of the application's or the thread is ending. Throws: `device_error`.
  bool begin_copies();
  void end_copies() noexcept;
  /// Blocks until the work of all threads is done. Throws: `device_error`.
  void synchronize(const char* operation);

  /// A thread ends; its own queue is for another one.
  void give_back(std::shared_ptr<queue> own) noexcept;

 private:
  std::shared_ptr<queue> own();
  queue& of_ended_threads();
  std::shared_ptr<queue> lent(cudaStream_t stream);

  gpu& where_;
  std::mutex guard_;
  /// All that have a stream of our own, and those of them that no thread has.
  std::vector<std::shared_ptr<queue>> all_;
  std::vector<std::shared_ptr<queue>> free_;
  std::shared_ptr<queue> ended_;
  /// By the number that CUDA gives a stream, which no later stream has.
  struct lent_queue {
    unsigned long long id;
    std::weak_ptr<queue> made;
  };
  std::vector<lent_queue> lent_;
};

}  // namespace tandem::cuda
