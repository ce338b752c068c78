#pragma once

#include <mutex>

// What the library does so that a forked child can go on using it: only the thread that called fork lives there, and
// whatever the others held stays as it was at that moment.
namespace tandem::runtime {

/// A mutex that nobody holds in a forked child but the forking thread if it did: fork waits for it. Not for nesting:
/// fork takes all of them in an order of its own. Must live as long as the process.
class fork_safe_mutex {
 public:
  fork_safe_mutex() noexcept;
  fork_safe_mutex(const fork_safe_mutex&) = delete;
  fork_safe_mutex& operator=(const fork_safe_mutex&) = delete;

  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
  fork_safe_mutex* next_;
  friend struct fork_handlers;
};

/// While one lives in a thread, a fork by another thread waits: for calls of libraries that hold locks or buffers of
/// their own, which a child would find taken for ever (OpenBLAS's).
class fork_barrier {
 public:
  fork_barrier() noexcept;
  ~fork_barrier();
  fork_barrier(const fork_barrier&) = delete;
  fork_barrier& operator=(const fork_barrier&) = delete;
};

/// How often a process has forked on the way to this one: it differs in a child. Counts from when the library was
/// loaded.
unsigned fork_generation() noexcept;

}  // namespace tandem::runtime
