#pragma once

#include <atomic>
#include <cstdint>

namespace tandem::memory {

/// What became of results of one structure, or of several. Thread safety: any thread.
class use_history {
 public:
  /// A result was made on a device, or the host; evaluations used one; the host read one that a device had made. The
  /// history that this is a part of counts it, too.
  void made(bool on_device) noexcept;
  void used() noexcept;
  void read_back() noexcept;

  /// As if nothing had been made.
  void forget() noexcept;

  /// How probable it is that the host wants a result that a device makes. Before a device made some, those count as
  /// wanted that no later evaluation used; `unknown` while nothing is known.
  double probability_of_reading(double unknown) const noexcept;

  /// Lives as long as this.
  void is_part_of(use_history& whole) noexcept { whole_.store(&whole, std::memory_order_relaxed); }

 private:
  std::atomic<use_history*> whole_{nullptr};
  std::atomic<std::uint32_t> made_on_host_{0};
  std::atomic<std::uint32_t> made_on_device_{0};
  std::atomic<std::uint32_t> used_{0};
  std::atomic<std::uint32_t> read_back_{0};
};

/// What whoever chooses places remembers of a storage. Thread safety: any thread.
struct placement_note {
  /// Microseconds that were lost so far because it was not somewhere else.
  std::atomic<float> credit_us{0};
  /// Of the results that it is one of; null if nobody counts. Lives as long as the process.
  std::atomic<use_history*> history{nullptr};
  /// An evaluation has used it since it was made.
  std::atomic<bool> was_used{false};
};

}  // namespace tandem::memory
