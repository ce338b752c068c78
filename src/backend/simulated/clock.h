#pragma once

#include <array>
#include <cstdint>

// The time of a simulated device, in nanoseconds from when it was made.
namespace tandem::backend::simulation {

/// What does work on a device, one piece at a time each.
enum class engine : std::uint8_t { kernels, copies_in, copies_out };

/// Knows what the host has spent on calls, and until when each engine is busy. Advances by what it is told only, never
/// by real time. Thread safety: none.
class clock {
 public:
  explicit clock(std::uint64_t seed) noexcept : state_(seed) {}

  std::int64_t host_ns() const noexcept { return host_ns_; }
  /// The host does something, or waits until a point in time.
  void spend(double ns) noexcept;
  void wait_until(std::int64_t time_ns) noexcept;

  /// When work would begin: the host has given it, the engine is free and `earliest_ns` has come.
  std::int64_t start_of(engine on, std::int64_t earliest_ns) const noexcept;
  /// Work that begins when the host has given it, the engine is free and `earliest_ns` has come. Returns its end.
  std::int64_t work(engine on, std::int64_t earliest_ns, double cost_ns) noexcept;
  /// The cost with noise of 2 % (one standard deviation, never more than six), which the seed decides.
  double with_noise(double cost_ns) noexcept;
  /// The cost of a call on the host, which varies by 10 % either way; one of 128 calls takes three times as long.
  double with_jitter(double cost_ns) noexcept;

 private:
  std::uint64_t next_random() noexcept;

  std::uint64_t state_;
  std::int64_t host_ns_ = 0;
  std::array<std::int64_t, 3> busy_until_ns_{};
};

}  // namespace tandem::backend::simulation
