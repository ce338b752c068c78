#include "backend/simulated/faults.h"

#include <fmt/format.h>

#include <cmath>

#include <tandem/errors.h>

namespace tandem::backend::simulation {

namespace {

void check_count(std::int64_t value, const char* field) {
  if (value >= 0) return;
  throw argument_error(
      fmt::format("set_simulated_faults: {} is {}; expected 0 (never) or a number from 1", field, value));
}

void check_factor(double value, const char* field) {
  if (std::isfinite(value) && value > 0) return;
  throw argument_error(fmt::format("set_simulated_faults: {} is {}; expected a positive factor", field, value));
}

void check_part(double value, double most, const char* field) {
  if (value >= 0 && value <= most) return;
  throw argument_error(
      fmt::format("set_simulated_faults: {} is {}; expected a number from 0 to {}", field, value, most));
}

}  // namespace

void fault_counter::set(const simulated_faults& faults) {
  check_count(faults.fail_allocation, "fail_allocation");
  check_count(faults.fail_copy, "fail_copy");
  check_count(faults.fail_run, "fail_run");
  check_count(faults.spike_every, "spike_every");
  check_factor(faults.link_slowdown, "link_slowdown");
  check_factor(faults.spike_factor, "spike_factor");
  check_part(faults.link_contention, 1, "link_contention");
  check_part(faults.drift, 0.9, "drift");
  if (!std::isfinite(faults.compile_us) || faults.compile_us < 0) {
    throw argument_error(fmt::format("set_simulated_faults: compile_us is {}; expected a number of microseconds from 0",
                                     faults.compile_us));
  }
  faults_ = faults;
  runs_ = 0;
}

double fault_counter::next_run_factor() const noexcept {
  return faults_.spike_every > 0 && (runs_ + 1) % faults_.spike_every == 0 ? faults_.spike_factor : 1;
}

double fault_counter::run_factor() noexcept {
  const double factor = next_run_factor();
  ++runs_;
  return factor;
}

}  // namespace tandem::backend::simulation
