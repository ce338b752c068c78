#include "regret/recording.h"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include <tandem/policy.h>

#include "exec/watching.h"
#include "plan/events.h"

namespace bench::regret {

namespace plan = tandem::plan;

namespace {

class recorder final : public plan::observer {
 public:
  explicit recorder(recording& to) : to_(to) {}

  void on_device(const plan::named_device_profile&) override {}
  void on_evaluation(const plan::evaluation& what) override {
    if (!what.runs) return;
    const auto [found, is_new] = programs_.try_emplace(what.definition, to_.programs.size());
    if (is_new) to_.programs.push_back({std::string(what.text), what.structure, *what.program, what.what});
    recorded_event& made = to_.events.emplace_back();
    made.what = recorded_event::kind::evaluation;
    made.program = found->second;
    for (const plan::operand_state& each : what.reads) made.reads.push_back(numbered(each));
    made.writes = numbered(what.writes);
    made.writes_all = what.writes_all;
    made.is_new = what.is_new;
  }
  void on_failure(std::uint64_t) override { has_failed_ = true; }
  void on_outcome(std::uint64_t, double) override {}
  void on_copy(int, bool, bool, std::int64_t, double) override {}
  void on_host_read(std::uint64_t id) override { add(recorded_event::kind::host_read, id); }
  void on_host_write(std::uint64_t id) override { add(recorded_event::kind::host_write, id); }
  void on_free(std::uint64_t id) override { add(recorded_event::kind::free, id); }

  bool has_failed() const noexcept { return has_failed_; }

 private:
  plan::operand_state numbered(plan::operand_state of) {
    of.id = numbers_.try_emplace(of.id, numbers_.size() + 1).first->second;
    of.credit_us = nullptr;
    return of;
  }
  void add(recorded_event::kind what, std::uint64_t id) {
    const auto found = numbers_.find(id);
    if (found == numbers_.end()) return;  // of what was evaluated before
    recorded_event& made = to_.events.emplace_back();
    made.what = what;
    made.id = found->second;
  }

  recording& to_;
  std::unordered_map<std::uint64_t, std::size_t> programs_;
  std::unordered_map<std::uint64_t, std::uint64_t> numbers_;
  bool has_failed_ = false;
};

}  // namespace

std::size_t recording::evaluations() const noexcept {
  return static_cast<std::size_t>(std::ranges::count(events, recorded_event::kind::evaluation, &recorded_event::what));
}

recording record(const tandem::applications::application& of, double scale) {
  recording made{std::string(of.name), scale, {}, {}};
  recorder follower(made);
  const tandem::scoped_policy on_this_cpu({.device = tandem::device::cpu});
  tandem::exec::set_observer(&follower);
  try {
    of.run(scale);
  } catch (...) {
    tandem::exec::set_observer(nullptr);
    throw;
  }
  tandem::exec::set_observer(nullptr);
  if (follower.has_failed() || made.events.empty()) {
    throw std::runtime_error("what " + made.name + " evaluates was not recorded as a whole");
  }
  return made;
}

}  // namespace bench::regret
