#include "cuda/runtime/queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include <tandem/errors.h>

#include "cuda/runtime/blas.h"
#include "cuda/runtime/process.h"
#include "cuda/runtime/timed_mark.h"

namespace tandem::cuda {

namespace {

/// What the calling thread has on one GPU.
struct thread_entry {
  queues* of;
  std::shared_ptr<queue> own;
  std::shared_ptr<queue> in_use;
  /// For copies beside the work.
  std::shared_ptr<queue> copies;
  bool is_copying = false;
};

/// The calling thread's entries are gone: it is ending, and objects of its own, or static ones, that were made before
/// the entries are being destroyed. Has no destructor, so that it can be asked until the very end.
constinit thread_local bool has_ended = false;

/// A thread's queues. What it has of a parent process is useless and goes unused, because every call is refused there.
struct thread_entries {
  std::vector<thread_entry> all;

  thread_entries() = default;
  thread_entries(const thread_entries&) = delete;
  thread_entries& operator=(const thread_entries&) = delete;
  ~thread_entries() {
    has_ended = true;
    if (!may_call_cuda()) return;
    for (thread_entry& each : all) {
      if (each.own != nullptr) each.of->give_back(std::move(each.own));
      if (each.copies != nullptr) each.of->give_back(std::move(each.copies));
    }
  }

  thread_entry& at(queues& of) {
    for (thread_entry& each : all) {
      if (each.of == &of) return each;
    }
    return all.emplace_back(thread_entry{&of, nullptr, nullptr, nullptr});
  }
};

thread_local thread_entries of_this_thread;

}  // namespace

queue::queue(gpu& where) : where_(where), is_lent_(false) {
  make_events();
  where_.check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "make a stream");
}

queue::queue(gpu& where, cudaStream_t lent) : where_(where), stream_(lent), is_lent_(true) { make_events(); }

void queue::make_events() {
  where_.check(cudaEventCreateWithFlags(&order_.event, cudaEventDisableTiming), "make an event");
  where_.check(cudaEventCreateWithFlags(&poll_.event, cudaEventDisableTiming), "make an event");
}

queue::~queue() {
  try {
    const gpu_scope scope(where_, "end a queue");
    where_.accept(cudaEventDestroy(order_.event), "end a queue");
    where_.accept(cudaEventDestroy(poll_.event), "end a queue");
  } catch (...) {  // nothing can be given back any more
  }
}

void queue::record_locked(recorded& into) {
  // Read before the event is recorded: what is counted has been given.
  const std::uint64_t sequence = given_.load(std::memory_order_acquire);
  where_.check(cudaEventRecord(into.event, stream_), "record an event");
  into.sequence = sequence;
}

void queue::gave() {
  if (!is_lent_) [[likely]] {
    given_.fetch_add(1, std::memory_order_acq_rel);
    return;
  }
  // With the lock: nobody sees the number before the event, which only this thread may record, because a stream may be
  // that of the thread (cudaStreamPerThread).
  const std::lock_guard lock(guard_);
  given_.fetch_add(1, std::memory_order_acq_rel);
  record_locked(order_);
  if (poll_.sequence <= reached_.load(std::memory_order_acquire)) record_locked(poll_);
}

memory::mark_ptr queue::end() {
  return std::make_shared<queue_mark>(shared_from_this(), given_.load(std::memory_order_acquire));
}

memory::mark_ptr queue::timed_end(timing_events& events) {
  // Read before the event is recorded: what is counted has been given.
  const std::uint64_t sequence = given_.load(std::memory_order_acquire);
  auto made = std::make_shared<timed_mark>(shared_from_this(), sequence, events);
  where_.check(cudaEventRecord(made->event(), stream_), "record an event");
  return made;
}

cudaEvent_t queue::event_after(std::uint64_t sequence) {
  const std::lock_guard lock(guard_);
  if (order_.sequence < sequence) record_locked(order_);
  return order_.event;
}

void queue::await(const queue_mark& point) {
  queue& other = *point.in_;
  if (&other == this || point.sequence_ <= other.reached_.load(std::memory_order_acquire)) return;
  // Whatever the event stands for when it is waited for is not before `point`, also if it is recorded again meanwhile.
  const cudaEvent_t event = other.event_after(point.sequence_);
  where_.check(cudaStreamWaitEvent(stream_, event, 0), "wait for an event");
}

void queue::note_reached(std::uint64_t sequence) noexcept {
  std::uint64_t known = reached_.load(std::memory_order_acquire);
  while (known < sequence && !reached_.compare_exchange_weak(known, sequence, std::memory_order_acq_rel)) {
  }
}

bool queue::is_reached(std::uint64_t sequence) noexcept {
  if (sequence <= reached_.load(std::memory_order_acquire)) return true;
  if (!where_.is_usable()) return true;  // never, which counts the same
  try {
    const gpu_scope scope(where_, "look how far the work is");
    const std::lock_guard lock(guard_);
    for (;;) {
      if (poll_.sequence > reached_.load(std::memory_order_acquire)) {
        const cudaError_t status = cudaEventQuery(poll_.event);
        if (status == cudaErrorNotReady) {
          cudaGetLastError();
          return false;
        }
        // An error that is not the device's says nothing of the work.
        if (!where_.accept(status, "look how far the work is")) return !where_.is_usable();
        note_reached(poll_.sequence);
      }
      if (sequence <= reached_.load(std::memory_order_acquire)) return true;
      // A stream that was lent may be gone. Its last event stands for everything that was given.
      if (is_lent_) {
        const cudaError_t status = cudaEventQuery(order_.event);
        if (status == cudaErrorNotReady) {
          cudaGetLastError();
          return false;
        }
        if (!where_.accept(status, "look how far the work is")) return !where_.is_usable();
        note_reached(order_.sequence);
        return true;
      }
      record_locked(poll_);
    }
  } catch (...) {
    return !where_.is_usable();
  }
}

void queue::wait(std::uint64_t sequence) {
  // `require_usable` first: work of a device that has failed since is not done.
  where_.require_usable("wait for work");
  if (sequence <= reached_.load(std::memory_order_acquire)) return;
  const gpu_scope scope(where_, "wait for work");
  where_.check(cudaEventSynchronize(event_after(sequence)), "wait for work");
  note_reached(sequence);
}

void queue::synchronize(const char* operation) {
  const std::uint64_t given = given_.load(std::memory_order_acquire);
  // The event and not the stream: one that was lent may be gone.
  if (given > 0) where_.check(cudaEventSynchronize(event_after(given)), operation);
  note_reached(given);
}

blas_handle& queue::blas() {
  const std::lock_guard lock(guard_);
  if (blas_ == nullptr) blas_ = std::make_unique<blas_handle>(where_, stream_);
  return *blas_;
}

queue& queues::current() {
  if (has_ended) [[unlikely]]
    return of_ended_threads();
  thread_entry& mine = of_this_thread.at(*this);
  if (mine.is_copying) return *mine.copies;
  if (mine.in_use == nullptr) {
    mine.own = own();
    mine.in_use = mine.own;
  }
  return *mine.in_use;
}

queue& queues::of_ended_threads() {
  {
    const std::lock_guard lock(guard_);
    if (ended_ != nullptr) return *ended_;
  }
  std::shared_ptr<queue> made = own();
  const std::lock_guard lock(guard_);
  if (ended_ == nullptr) {
    ended_ = std::move(made);
  } else {
    free_.push_back(std::move(made));
  }
  return *ended_;
}

void queues::use(std::uintptr_t stream) {
  if (has_ended) {
    if (stream == 0) return;
    throw device_error(fmt::format("{}: a thread that is ending can use no stream", where_.name()));
  }
  thread_entry& mine = of_this_thread.at(*this);
  if (stream == 0) {
    mine.in_use = mine.own;  // null if it has not been made yet
    return;
  }
  const gpu_scope scope(where_, "use a stream");
  mine.in_use = lent(reinterpret_cast<cudaStream_t>(stream));
}

bool queues::begin_copies() {
  if (has_ended) return false;
  thread_entry& mine = of_this_thread.at(*this);
  if (mine.in_use != mine.own) return false;
  if (mine.copies == nullptr) mine.copies = own();
  mine.is_copying = true;
  return true;
}

void queues::end_copies() noexcept { of_this_thread.at(*this).is_copying = false; }

std::shared_ptr<queue> queues::own() {
  {
    const std::lock_guard lock(guard_);
    if (!free_.empty()) {
      std::shared_ptr<queue> found = std::move(free_.back());
      free_.pop_back();
      return found;
    }
  }
  const gpu_scope scope(where_, "make a stream");
  auto made = std::make_shared<queue>(where_);
  const std::lock_guard lock(guard_);
  // So that giving it back needs no memory.
  free_.reserve(all_.size() + 1);
  all_.push_back(made);
  return made;
}

std::shared_ptr<queue> queues::lent(cudaStream_t stream) {
  const char* const operation = "use a stream";
  int device = 0;
  where_.check(cudaStreamGetDevice(stream, &device), operation);
  if (device != where_.index()) {
    throw device_error(fmt::format("{}: the stream that it was to use is one of gpu:{}", where_.name(), device));
  }
  // What a capture records runs later, and many times: nothing here could wait for it.
  cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
  where_.check(cudaStreamIsCapturing(stream, &capture), operation);
  if (capture != cudaStreamCaptureStatusNone) {
    throw device_error(fmt::format(
        "{}: the stream that it was to use is being captured for a CUDA graph; end that first", where_.name()));
  }
  unsigned long long id = 0;
  where_.check(cudaStreamGetId(stream, &id), operation);
  const std::lock_guard lock(guard_);
  std::erase_if(lent_, [](const lent_queue& each) { return each.made.expired(); });
  for (const lent_queue& each : lent_) {
    if (each.id != id) continue;
    if (std::shared_ptr<queue> found = each.made.lock()) return found;
  }
  auto made = std::make_shared<queue>(where_, stream);
  lent_.push_back({id, made});
  return made;
}

void queues::synchronize(const char* operation) {
  const gpu_scope scope(where_, operation);
  std::vector<std::shared_ptr<queue>> each_queue;
  {
    const std::lock_guard lock(guard_);
    each_queue = all_;
    for (const lent_queue& each : lent_) {
      if (std::shared_ptr<queue> found = each.made.lock()) each_queue.push_back(std::move(found));
    }
  }
  for (const auto& each : each_queue) each->synchronize(operation);
}

void queues::give_back(std::shared_ptr<queue> own) noexcept {
  const std::lock_guard lock(guard_);
  free_.push_back(std::move(own));
}

}  // namespace tandem::cuda
