#pragma once

#include <tandem/decisions.h>

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "plan/decision_log.h"
#include "plan/events.h"
#include "plan/planner.h"

namespace tandem::plan {

/// Tells a planner of its own all that another one was told, and compares what they decide.
class replayer : public observer {
 public:
  /// `line` says which line of the log is being read.
  replayer(const log_header& header, std::function<std::int64_t()> line);

  void on_device(const named_device_profile& what) override;
  void on_evaluation(const evaluation& what) override;
  void on_failure(std::uint64_t number) override;
  void on_outcome(std::uint64_t number, double measured_us) override;
  void on_copy(int place, bool to_device, bool is_pinned, std::int64_t bytes, double measured_us) override;
  void on_host_read(std::uint64_t id) override;
  void on_host_write(std::uint64_t id) override;
  void on_free(std::uint64_t id) override;

  const replay_result& result() const noexcept { return result_; }

 private:
  // What the library notes of a storage.
  struct note {
    std::atomic<float> credit_us{0};
    memory::use_history* history = nullptr;
    bool was_used = false;
    bool is_on_host = true;
  };
  struct known_task {
    planned_task task;
    std::list<std::uint64_t>::iterator place_in_order;
  };
  // A result, which counts once its evaluation has not failed; with a history if it is a new array. With what was
  // fetched for it, which an evaluation that fails may not have come to.
  struct made_result {
    std::uint64_t number = 0;
    std::uint64_t id = 0;
    int place = host_place;
    memory::use_history* history = nullptr;
    float credit_us = 0;
    std::vector<std::uint64_t> fetched;
  };
  struct expected {
    std::uint64_t number = 0;
    planner::lesson about;
  };

  planned_task& task_of(const evaluation& what);
  note& note_of(const operand_state& of);
  void fetched(note& of);
  void settle();
  decision decide_again(planned_task& task, const evaluation& what);
  void compare(const evaluation& recorded, const decision& made);
  void follow(const evaluation& what);

  planner planner_;
  std::function<std::int64_t()> line_;
  replay_result result_;
  std::unordered_map<std::uint64_t, note> notes_;
  std::unordered_map<std::uint64_t, known_task> tasks_;
  /// Numbers of planned tasks, the least recently used first.
  std::list<std::uint64_t> order_;
  std::size_t stages_ = 0;
  made_result last_;
  std::array<expected, 4096> expected_{};
};

}  // namespace tandem::plan
