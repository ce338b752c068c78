#pragma once

#include <cstdint>

#include <tandem/simulation.h>

namespace tandem::backend::simulation {

/// Counts what happens on a device and says when it is to fail. Thread safety: none.
class fault_counter {
 public:
  /// Throws: `argument_error`.
  void set(const simulated_faults& faults);

  /// One more of its kind; true if this one is to fail.
  bool allocation_fails() noexcept { return is_due(faults_.fail_allocation); }
  bool copy_fails() noexcept { return is_due(faults_.fail_copy); }
  bool run_fails() noexcept { return is_due(faults_.fail_run); }
  /// How many times as long the next run takes.
  double next_run_factor() const noexcept;
  /// The same, and counts it.
  double run_factor() noexcept;
  const simulated_faults& all() const noexcept { return faults_; }

 private:
  static bool is_due(std::int64_t& countdown) noexcept { return countdown > 0 && --countdown == 0; }

  simulated_faults faults_;
  std::int64_t runs_ = 0;
};

}  // namespace tandem::backend::simulation
