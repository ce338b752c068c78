#pragma once

#include <atomic>
#include <cstdint>

namespace tandem::plan {

/// A factor on predictions, learned from what was measured. Thread safety: any thread.
class correction {
 public:
  /// At least 1/4 and at most 4.
  double factor() const noexcept { return factor_.load(std::memory_order_relaxed); }
  /// Relative deviation of late measurements from predictions; 0.2 before there were some.
  double sigma() const noexcept { return sigma_.load(std::memory_order_relaxed); }
  int samples() const noexcept { return samples_.load(std::memory_order_relaxed); }
  /// One more measurement: measured over predicted time without the factor.
  void learn(double ratio, double least = 0.25, double most = 4) noexcept;

 private:
  std::atomic<float> factor_{1};
  std::atomic<float> sigma_{0.2F};
  std::atomic<int> samples_{0};
  std::atomic<float> last_[2]{};
};

/// How often a result that a device made was read on the host.
struct use_history {
  std::atomic<std::uint32_t> made{0};
  std::atomic<std::uint32_t> read{0};
};

}  // namespace tandem::plan
