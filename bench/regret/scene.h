#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "plan/planner.h"
#include "regret/machines.h"
#include "regret/truth.h"
#include "regret/virtual_time.h"
#include "regret/workload.h"

namespace bench::regret {

inline constexpr int device_place = 1;
inline constexpr tandem::plan::place_set on_host = tandem::plan::set_of(tandem::plan::host_place);
inline constexpr tandem::plan::place_set on_device = tandem::plan::set_of(device_place);

/// What a planner knows of a machine at first.
enum class knowledge : std::uint8_t { priors, calibrated };

/// A made-up machine and a planner that knows of it what calibration on its clock found, or shipped constants only.
class scene {
 public:
  scene(const machine& on, knowledge of, std::uint64_t seed, tandem::plan::planner_settings settings = {});

  const machine& on() const noexcept { return on_; }
  const truth& takes() const noexcept { return truth_; }
  virtual_time& time() noexcept { return time_; }
  tandem::plan::planner& planner() noexcept { return *planner_; }
  /// Microseconds of the machine's clock that calibration took.
  double calibration_us() const noexcept { return calibration_us_; }

  /// Runs work where it was decided, and lets the planner learn from that. Returns what it took with all that
  /// disturbed it.
  double run(const tandem::ops::program& what, tandem::plan::planned_task& planned,
             const tandem::plan::decision& decided);
  double run(const work& what, tandem::plan::planned_task& planned, const tandem::plan::decision& decided) {
    return run(what.program, planned, decided);
  }
  /// The same of a copy.
  double copy(tandem::plan::direction to, std::int64_t bytes);

 private:
  const machine& on_;
  truth truth_;
  virtual_time time_;
  double calibration_us_ = 0;
  std::unique_ptr<tandem::plan::planner> planner_;
};

}  // namespace bench::regret
