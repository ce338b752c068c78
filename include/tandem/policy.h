#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

namespace tandem {

/// Counts the work of an evaluation while it runs, so that another thread can show how far it is.
///
/// Thread safety: any thread may read while evaluations write.
class progress {
 public:
  /// Work announced so far, in elements read or computed.
  std::int64_t total() const noexcept { return total_.load(std::memory_order_relaxed); }
  /// Work done so far.
  std::int64_t done() const noexcept { return done_.load(std::memory_order_relaxed); }

  void announce(std::int64_t work) noexcept { total_.fetch_add(work, std::memory_order_relaxed); }
  void advance(std::int64_t work) noexcept { done_.fetch_add(work, std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> total_{0};
  std::atomic<std::int64_t> done_{0};
};

/// The most workers a policy may ask for. Each is a thread with a stack, and OpenMP ends the process that cannot have
/// the threads it asked for.
inline constexpr int max_workers = 1024;

/// What the user allows an evaluation to use.
struct policy {
  /// Number of cores that work on it: 1 to `max_workers`, or -1 for all permitted ones, which is also the default. More
  /// than the permitted cores is allowed and rarely useful. Any other number is a `policy_error` in the evaluation.
  /// Results have the same bits for every number.
  std::optional<int> workers = std::nullopt;
  /// Where to count progress; may be null. Must outlive the evaluation.
  tandem::progress* progress = nullptr;
};

}  // namespace tandem
