#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "plan/corrections.h"
#include "plan/places.h"
#include "plan/profile.h"
#include "plan/task.h"

// Decides where a program runs, and with how many workers.
//
//   J(place) = gamma * T(place) + sum of X(operands that are not there) + P_back * X(result)
//
// docs/planner.md has the whole.
namespace tandem::plan {

/// A device that a planner may choose.
struct device_entry {
  std::string name;
  device_profile constants;
};

struct planner_settings {
  /// Whether measured times change predictions.
  bool learns = true;
  /// The part of the run time that may be spent on trying places that seem slower.
  double exploration = 0.005;
};

/// What of a program's prediction does not change from run to run, kept by whoever runs it again. Belongs to one
/// planner. Thread safety: none; each thread has its own.
class planned_task {
 public:
  explicit planned_task(task what);
  const task& what() const noexcept { return what_; }

 private:
  friend class planner;

  struct at_host {
    int worker_limit = 0;
    double us = 0;
    std::vector<std::int16_t> workers;
  };

  task what_;
  std::uint64_t made_for_ = 0;
  at_host host_;
  std::array<double, most_places> work_us_{};
  std::array<double, most_places> sigma_{};
  std::array<correction*, most_places> corrections_{};
  use_history* history_ = nullptr;
  int last_place_ = -1;
};

struct question {
  std::span<const operand_state> reads;
  /// Where the result goes; `bytes` 0 if it has no elements.
  operand_state writes;
  /// Nothing of what `writes` had before is needed.
  bool writes_all = true;
  int worker_limit = 1;
  place_set allowed = all_places;
  /// Free bytes of devices' memories, by place.
  std::array<std::int64_t, most_places> free_bytes{};
  /// What a place needs once to make the program ready.
  std::array<double, most_places> cold_us{};
};

struct decision {
  int place = host_place;
  /// By stages; only of the host. Lives as long as the planned task, until it is next decided on.
  std::span<const std::int16_t> workers;
  cause why = cause::only_place;
  double predicted_us = 0;
  double predicted_work_us = 0;
};

/// A term of a prediction.
struct cost_term {
  std::string name;
  double us;
  /// Where the constants are from, such as "calibrated, 12 samples, sigma 3 %".
  std::string from;
};
struct candidate {
  int place;
  int workers;
  std::vector<cost_term> terms;
  double total_us;
  /// Why it cannot be chosen; "" if it can.
  std::string why_not;
};
struct reasoning {
  std::vector<candidate> candidates;
  decision chosen;
  /// By how much the best other one is slower, as a part of the chosen one's time.
  double margin;
};

/// Thread safety: any thread, but for each planned task one at a time.
class planner {
 public:
  planner(profile constants, planner_settings settings = {});
  ~planner();
  planner(const planner&) = delete;
  planner& operator=(const planner&) = delete;

  /// Lets it choose another device; its place. At most `most_places` - 1. Throws: `argument_error` if there are more.
  int add(device_entry device);
  int place_count() const noexcept;
  std::string_view name_of(int place) const noexcept;  ///< "cpu", "gpu:0", ...

  /// Does not allocate once the task was decided on.
  decision decide(planned_task& what, const question& asked);
  /// The same, with every candidate, and nothing remembered.
  reasoning explain(planned_task& what, const question& asked) const;

  /// The work of a decision took so long: without transfers, on a device also without waiting.
  void learn(planned_task& what, const decision& about, double measured_us) noexcept;
  void learn_copy(int place, direction to, memory_kind kind, std::int64_t bytes, double measured_us) noexcept;
  /// What a result became: it was read on the host after a device had made it.
  static void note_made(use_history& of) noexcept;
  static void note_read(use_history& of) noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace tandem::plan
