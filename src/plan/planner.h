#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "memory/use_history.h"
#include "plan/corrections.h"
#include "plan/learned.h"
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
  /// Programs of one structure have one number; it may be any.
  planned_task(task what, std::uint64_t structure)
      : what_(std::move(what)), structure_(structure), workers_(what_.stages.size()) {}
  const task& what() const noexcept { return what_; }
  std::uint64_t structure() const noexcept { return structure_; }

 private:
  friend class planner;

  struct at_place {
    /// Of the work alone, without the correction.
    double work_us = 0;
    /// What comes once an evaluation: a call; an allocation, the first launch and waiting.
    double fixed_us = 0;
    double wait_us = 0;
    correction* learned = nullptr;
    /// When it was tried last, and how many decisions are to pass before it is tried again.
    std::uint64_t tried = 0;
    std::uint64_t patience = 16;
  };
  static constexpr int most_known = 8;
  /// How often in a row an operand was the same, unchanged: now, and usually.
  struct habit {
    std::uint64_t id = 0;
    std::uint64_t version = 0;
    float times = 0;
    float usual = 0;

    bool is_of(const operand_state& what) const noexcept { return id == what.id && version == what.version; }
    /// How often the operand is expected to be read from now on, this time included.
    double expected(const operand_state& what) const noexcept;
    void note(const operand_state& what) noexcept;
  };

  task what_;
  std::uint64_t structure_;
  std::uint64_t version_ = 0;
  int worker_limit_ = 0;
  bool knows_sharing_ = false;
  bool may_share_ = false;
  std::vector<std::int16_t> workers_;
  std::array<at_place, most_places> places_{};
  std::array<habit, most_known> habits_{};
  memory::use_history* history_ = nullptr;
  std::uint64_t decisions_ = 0;
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
  /// What the result's credit begins with, from that of its operands.
  float inherited_credit_us = 0;
};

/// A term of a prediction, such as {"copy in", 12.5, "prior"}.
struct priced_term {
  std::string name;
  double us;
  std::string from;
};
struct priced_place {
  int place;
  int workers;
  std::vector<priced_term> terms;
  double total_us;
  /// Why it cannot be chosen; "" if it can.
  std::string why_not;
};
struct reasoning {
  std::vector<priced_place> places;
  decision chosen;
  /// By how much the best other place is slower, as a part of the chosen one's time; infinite if there is none.
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

  /// Whether more than one worker could be of use: only then need anybody ask how many there are.
  bool may_share(planned_task& what) const;

  /// Of the work on the host.
  double host_time_us(planned_task& what, int worker_limit) const;

  /// Does not allocate once the task was decided on with this limit of workers.
  decision decide(planned_task& what, const question& asked);
  /// The same, with every place, and nothing remembered.
  reasoning explain(planned_task& what, const question& asked) const;

  /// What can be learned from the next run at a place. The planner must outlive it.
  struct lesson {
    correction* learned = nullptr;
    double work_us = 0;
  };
  lesson lesson_of(const planned_task& what, int place) const noexcept;
  /// The work took so long: without transfers, on a device also without waiting.
  void learn(const lesson& from, double measured_us) noexcept;
  void learn_copy(int place, direction to, memory_kind kind, std::int64_t bytes, double measured_us) noexcept;
  /// What becomes of the results of a task.
  memory::use_history& history_of(planned_task& what) const;

  /// Learns from now on, and tries places that seem slower; or does neither. Histories of results go on.
  void set_learning(bool learns) noexcept;
  /// What was learned of a place, without its validators. Throws: `std::bad_alloc`.
  learned_place learned_at(int place) const;
  /// Takes over what was learned in another process; what is known already is replaced.
  void restore(int place, const learned_place& from) noexcept;

  /// As they are now.
  planner_settings settings() const noexcept;
  const profile& constants() const noexcept;
  /// Of a device, by its place from 1 on.
  const device_profile& constants_at(int place) const noexcept;

 private:
  struct state;
  struct price;
  struct choice;
  void prepare(planned_task& what, int worker_limit) const;
  double copy_us(int place, direction to, memory_kind kind, std::int64_t bytes) const noexcept;
  struct moving_times {
    double us = 0;
    double unlearned_us = 0;
  };
  moving_times move_us(const operand_state& what, int place) const noexcept;
  std::array<price, most_places> price_all(planned_task& what, const question& asked) const;
  choice choose(const planned_task& what, const question& asked,
                const std::array<price, most_places>& prices) const noexcept;
  void explore(planned_task& what, const std::array<price, most_places>& prices, choice& chosen) noexcept;
  float remember_gain(const question& asked, const std::array<price, most_places>& prices, int chosen) noexcept;

  std::unique_ptr<state> state_;
};

}  // namespace tandem::plan
