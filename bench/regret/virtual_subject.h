#pragma once

#include <cstdint>
#include <memory>

#include "plan/subject.h"
#include "regret/machines.h"
#include "regret/virtual_time.h"

// Machines that are made up, as calibration sees them: nothing runs, and no memory is taken.
namespace bench::regret {

/// What a program takes on a machine's device that has nothing else to do, from the first call to the host's going on:
/// without copies.
double device_program_us(const tandem::backend::simulation::machine_profile& on, const tandem::ops::program& of);
/// A copy, from the call to the host's going on.
double device_copy_us(const tandem::backend::simulation::machine_profile& on, tandem::plan::direction to,
                      tandem::plan::memory_kind kind, std::int64_t bytes);

/// Thread safety: none. `on` and `time` live longer.
class virtual_host final : public tandem::plan::host_subject {
 public:
  virtual_host(const machine& on, virtual_time& time) noexcept : on_(*on.host), time_(time) {}

  int cores() const override { return on_.cores; }
  std::array<double, tandem::plan::level_count - 1> level_bytes() const override { return on_.level_bytes; }
  double now_us() const override { return time_.now_us(); }
  std::unique_ptr<tandem::plan::probe> prepare(const tandem::ops::program& what) override;

 private:
  const host_table& on_;
  virtual_time& time_;
};

/// Thread safety: none. `on` and `time` live longer.
class virtual_device final : public tandem::plan::device_subject {
 public:
  virtual_device(const machine& on, virtual_time& time) noexcept : on_(*on.device), time_(time) {}

  double now_us() const override { return time_.now_us(); }
  std::int64_t free_bytes() override { return on_.memory_bytes / 20 * 19; }
  double largest_product() const override { return 8192; }
  /// Throws: `tandem::out_of_memory` if what the stages touch is more than is free.
  std::unique_ptr<tandem::plan::probe> prepare(const tandem::ops::program& what) override;
  /// `what` was prepared here.
  double run_many_us(tandem::plan::probe& what, int times) override;
  double allocate_us(std::int64_t size_bytes) override;
  double synchronize_us() override;
  double copy_us(tandem::plan::direction to, tandem::plan::memory_kind kind, std::int64_t size_bytes) override;

 private:
  const tandem::backend::simulation::machine_profile& on_;
  virtual_time& time_;
};

}  // namespace bench::regret
