#pragma once

#include <cstdint>

// What goes on around a simulated device: nobody is told of it, and it depends on the virtual time and a seed alone.
namespace tandem::backend::simulation {

/// Thread safety: immutable.
class surroundings {
 public:
  static constexpr std::int64_t turn_ns = 2'000'000;
  static constexpr std::int64_t drift_period_ns = 2'000'000'000;

  explicit surroundings(std::uint64_t seed) noexcept : seed_(seed) {}

  /// Whether another process uses the link at a point in time, which it does for `contention` of all turns.
  bool is_contended(std::int64_t time_ns, double contention) const noexcept;
  /// How long a copy takes that begins then and takes `cost_ns` of the link alone.
  double contended_ns(std::int64_t begin_ns, double cost_ns, double contention) const noexcept;
  /// By how much all times are longer at a point in time: from 1 - `drift` to 1 + `drift`, in straight lines.
  double drift_factor(std::int64_t time_ns, double drift) const noexcept;

 private:
  /// 0 to 1.
  double random(std::uint64_t number) const noexcept;

  std::uint64_t seed_;
};

}  // namespace tandem::backend::simulation
