#include "plan/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "plan/cut_text.h"
#include "plan/decision_reader.h"
#include "plan/quantities.h"

namespace tandem::plan {

namespace {

constexpr std::size_t most_differences = 10;
// More than all threads of an application keep. A program that is compiled for each evaluation has a planned task of
// its own each time, which nobody asks for again.
constexpr std::size_t most_tasks = 65'536;
constexpr std::size_t most_stages = std::size_t{1} << 20;

// Mathematical functions of other versions of the C library may differ in the last bits.
bool is_same(double a, double b) { return a == b || std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b)); }

}  // namespace

replayer::replayer(const log_header& header, std::function<std::int64_t()> line)
    : planner_(header.constants, header.settings), line_(std::move(line)) {
  result_.is_from_start = header.is_from_start;
}

void replayer::on_device(const named_device_profile& what) { planner_.add({what.device, what.constants}); }

planned_task& replayer::task_of(const evaluation& what) {
  const auto found = tasks_.find(what.planned);
  if (found != tasks_.end()) {
    order_.splice(order_.end(), order_, found->second.place_in_order);
    return found->second.task;
  }
  stages_ += what.what.stages.size();
  while (!tasks_.empty() && (tasks_.size() >= most_tasks || stages_ > most_stages)) {
    const auto oldest = tasks_.find(order_.front());
    stages_ -= oldest->second.task.what().stages.size();
    tasks_.erase(oldest);
    order_.pop_front();
  }
  const auto place = order_.insert(order_.end(), what.planned);
  return tasks_.try_emplace(what.planned, known_task{planned_task(what.what, what.structure), place})
      .first->second.task;
}

replayer::note& replayer::note_of(const operand_state& of) {
  note& found = notes_[of.id];
  const bool is_on_host = contains(of.valid_on, host_place);
  if (is_on_host) fetched(found);  // by an evaluation that failed later, if that is not known yet
  found.is_on_host = is_on_host;
  return found;
}

void replayer::fetched(note& of) {
  if (of.is_on_host) return;
  of.is_on_host = true;
  if (of.history != nullptr) of.history->read_back();
  of.history = nullptr;
}

void replayer::settle() {
  if (last_.number == 0) return;
  last_.number = 0;
  for (const std::uint64_t id : last_.fetched) fetched(notes_[id]);
  note& of = notes_[last_.id];
  of.is_on_host = last_.place == host_place;
  if (last_.history == nullptr) return;
  last_.history->made(last_.place != host_place);
  of.credit_us.store(last_.credit_us, std::memory_order_relaxed);
  of.history = last_.history;
  of.was_used = false;
}

decision replayer::decide_again(planned_task& task, const evaluation& what) {
  question asked;
  asked.worker_limit = what.worker_limit;
  asked.allowed = what.allowed;
  std::vector<operand_state> reads(what.reads.begin(), what.reads.end());
  if (what.asked == asking::everything) {
    const auto with_own_credit = [&](operand_state& of) {
      if (of.credit_us != nullptr) of.credit_us = &note_of(of).credit_us;
    };
    for (operand_state& each : reads) {
      note& of = note_of(each);
      if (of.history != nullptr && !of.was_used) of.history->used();
      if (of.history != nullptr) of.was_used = true;
      with_own_credit(each);
    }
    asked.reads = reads;
    asked.writes = what.writes;
    if (what.is_new) {  // the storage is made after the decision
      asked.writes.id = 0;
      asked.writes.credit_us = nullptr;
    }
    with_own_credit(asked.writes);
    asked.writes_all = what.writes_all;
    std::ranges::copy(what.free_bytes.first(std::min(what.free_bytes.size(), asked.free_bytes.size())),
                      asked.free_bytes.begin());
    std::ranges::copy(what.cold_us.first(std::min(what.cold_us.size(), asked.cold_us.size())), asked.cold_us.begin());
  }
  return planner_.decide(task, asked);
}

void replayer::compare(const evaluation& recorded, const decision& made) {
  std::string difference;
  const auto add = [&](std::string_view what, const auto& now, const auto& then) {
    difference += fmt::format("{}{}: {}, recorded {}", difference.empty() ? "" : "; ", what, now, then);
  };
  if (made.place != recorded.place) add("place", planner_.name_of(made.place), planner_.name_of(recorded.place));
  if (made.why != recorded.why) add("cause", to_string(made.why), to_string(recorded.why));
  if (!std::ranges::equal(made.workers, recorded.workers)) {
    add("workers", fmt::format("{}", fmt::join(made.workers, ",")),
        fmt::format("{}", fmt::join(recorded.workers, ",")));
  }
  if (!is_same(made.predicted_us, recorded.predicted_us)) {
    add("predicted us", made.predicted_us, recorded.predicted_us);
  }
  if (!is_same(made.predicted_work_us, recorded.predicted_work_us)) {
    add("predicted us of the work", made.predicted_work_us, recorded.predicted_work_us);
  }
  if (difference.empty()) return;
  ++result_.different;
  if (result_.differences.size() == most_differences) return;
  result_.differences.push_back(
      {static_cast<std::int64_t>(recorded.number), line_(), middle_cut(recorded.text, 200), std::move(difference)});
}

// What running it changes of what later decisions depend on.
void replayer::follow(const evaluation& what) {
  last_ = {what.number, what.writes.id, what.place, nullptr, 0, {}};
  for (const operand_state& each : what.reads) {
    if (each.valid_on == 0 || contains(each.valid_on, what.place)) continue;
    note_of(each);
    last_.fetched.push_back(each.id);
  }
  note_of(what.writes);
  if (!what.writes_all && what.writes.valid_on != 0 && !contains(what.writes.valid_on, what.place)) {
    last_.fetched.push_back(what.writes.id);
  }
}

void replayer::on_evaluation(const evaluation& what) {
  settle();
  ++result_.evaluations;
  planned_task& task = task_of(what);
  decision made;
  if (what.asked != asking::nothing) {
    ++result_.decisions;
    made = decide_again(task, what);
    compare(what, made);
  }
  if (!what.runs) return;
  expected_[what.number % expected_.size()] = {what.number, planner_.lesson_of(task, what.place)};
  follow(what);
  // A device that is met next was not known when this evaluation ended.
  if (planner_.place_count() > 1 && what.makes_result()) last_.history = &planner_.history_of(task);
  last_.credit_us = made.inherited_credit_us;
}

void replayer::on_failure(std::uint64_t number) {
  if (last_.number == number) last_.number = 0;
}

void replayer::on_outcome(std::uint64_t number, double measured_us) {
  const expected& of = expected_[number % expected_.size()];
  if (of.number == number) planner_.learn(of.about, measured_us);
}

void replayer::on_copy(int place, bool to_device, bool is_pinned, std::int64_t bytes, double measured_us) {
  planner_.learn_copy(place, to_device ? direction::to_device : direction::to_host,
                      is_pinned ? memory_kind::pinned : memory_kind::pageable, bytes, measured_us);
}

void replayer::on_host_read(std::uint64_t id) {
  settle();
  const auto found = notes_.find(id);
  if (found != notes_.end()) fetched(found->second);
}

void replayer::on_host_write(std::uint64_t id) { on_host_read(id); }

void replayer::on_free(std::uint64_t id) {
  settle();
  notes_.erase(id);
}

}  // namespace tandem::plan

namespace tandem {

replay_result replay(const std::string& log_path) {
  plan::decision_reader reader(log_path);
  plan::replayer again(reader.header(), [&] { return reader.line(); });
  reader.read(again);
  replay_result result = again.result();
  result.is_cut_off = reader.is_cut_off();
  return result;
}

std::string to_string(const replay_result& of) {
  std::string text = plan::counted(of.decisions, "decision");
  text += of.different == 0 ? ", all the same\n" : fmt::format(", {} of them different\n", of.different);
  for (const replayed_difference& each : of.differences) {
    text += fmt::format("  line {}, evaluation {}: {}\n    {}\n", each.line, each.number, plan::plain(each.what),
                        plan::plain(each.expression));
  }
  if (of.different > static_cast<std::int64_t>(of.differences.size())) {
    text += fmt::format("  ... and {} more\n", of.different - static_cast<std::int64_t>(of.differences.size()));
  }
  if (!of.is_from_start && of.different > 0) {
    text += "  the log began after the planner had learned from evaluations that are not in it\n";
  }
  if (of.is_cut_off) text += "  the log ends within a line, which was left out\n";
  return text;
}

}  // namespace tandem
