#pragma once

#include <atomic>
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

/// A value that the first caller makes, in place of a local static: a child that was forked while another thread was
/// initializing one would wait for that for ever. A static object without a destructor; what it made stays.
template <class Value>
class made_once {
 public:
  constexpr made_once() noexcept = default;
  made_once(const made_once&) = delete;
  made_once& operator=(const made_once&) = delete;

  /// The value if it was made, else null. Thread safety: any thread.
  const Value* known() const noexcept { return value_.load(std::memory_order_acquire); }

  /// The value, from `make()` if there is none yet; an exception of it is passed on, and the next call makes it. `make`
  /// must not use another value of this kind for the first time, nor anything else that keeps a fork waiting.
  /// Thread safety: any thread.
  template <class Make>
  const Value& get(Make&& make) {
    const Value* const known = value_.load(std::memory_order_acquire);
    if (known != nullptr) [[likely]]
      return *known;
    const fork_barrier no_fork;  // so that the mutex needs not be a fork_safe_mutex, which cannot be constant
    const std::lock_guard lock(guard_);
    const Value* made = value_.load(std::memory_order_relaxed);
    if (made == nullptr) {
      made = new Value(make());
      value_.store(made, std::memory_order_release);
    }
    return *made;
  }

 private:
  std::atomic<const Value*> value_{nullptr};
  std::mutex guard_;
};

/// How often a process has forked on the way to this one: it differs in a child. Counts from when the library was
/// loaded.
unsigned fork_generation() noexcept;

}  // namespace tandem::runtime
