#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "memory/device_memory.h"

// Work that threads have given to a simulated device and that is done when somebody waits for it.
namespace tandem::backend::simulation {

class simulated_memory;
struct queue;

/// One thing that a queue does when its turn comes: just one of the three.
struct piece {
  /// A copy or a run of a program, named by `what`.
  std::string what;
  std::function<void()> act;
  bool fails = false;

  /// Work of another queue, up to a position, that is done first.
  std::shared_ptr<queue> awaited;
  std::uint64_t awaited_position = 0;

  /// A block that is free when these marks are reached, too.
  std::byte* released = nullptr;
  std::int64_t released_bytes = 0;
  std::vector<memory::mark_ptr> uses;
};

/// The work of one thread, or its copies beside that, in order. All of it is for its memory, with that one's lock, but
/// for what is atomic.
struct queue {
  std::deque<piece> pending;
  /// How many pieces have been given so far and how many of them are done.
  std::uint64_t given = 0;
  std::atomic<std::uint64_t> done{0};
  /// The device failed: what is not done never will be, and `failure` says why. Set once.
  std::atomic<bool> is_lost{false};
  std::string failure;
  /// When what was given will be done, on the device's clock.
  std::int64_t time_ns = 0;

  bool is_done(std::uint64_t position) const noexcept { return done.load(std::memory_order_acquire) >= position; }
};

/// The end of what was given to a queue up to a position.
class simulated_mark final : public memory::mark {
 public:
  simulated_mark(simulated_memory& where, std::shared_ptr<queue> of, std::uint64_t position, std::int64_t time_ns)
      : where_(where), of_(std::move(of)), position_(position), time_ns_(time_ns) {}

  bool is_reached() const noexcept override;
  void wait() const override;

  const simulated_memory& where() const noexcept { return where_; }
  const std::shared_ptr<queue>& of() const noexcept { return of_; }
  std::uint64_t position() const noexcept { return position_; }
  std::int64_t time_ns() const noexcept { return time_ns_; }

 private:
  simulated_memory& where_;
  std::shared_ptr<queue> of_;
  std::uint64_t position_;
  std::int64_t time_ns_;
};

}  // namespace tandem::backend::simulation
