#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <tandem/decisions.h>

#include "made_up_events.h"
#include "plan/decision_log.h"
#include "plan/planner.h"
#include "plan/priors.h"
#include "support/temporary_folder.h"
#include "support/text_file.h"

namespace tandem::plan {
namespace {

// An application that asks a planner as the library does, with storages that are only numbers.
class made_up_application {
 public:
  made_up_application(const std::string& path, bool learns) : settings_{learns, 0.005} {
    constants_.host = prior_for(host_facts{"AMD EPYC 9655 96-Core Processor", 26, false, 7, 8, 1e6, 3e7});
    planner_ = std::make_unique<planner>(constants_, settings_);
    log_ = std::make_unique<decision_log>(path, log_header{"0.1.0", settings_, true, constants_});
  }

  void add_device(const char* name) {
    named_device_profile what{name, {{"uuid", "1"}}, prior_for(backend::hardware_hints{})};
    planner_->add({what.device, what.constants});
    log_->on_device(what);
  }

  // So many evaluations of a few structures on a few arrays, with the host looking in.
  void run(int evaluations, unsigned seed) {
    std::mt19937 random(seed);
    const auto upto = [&](std::size_t most) { return static_cast<std::size_t>(random() % most); };
    while (arrays_.size() < 6) arrays_.push_back(new_array(std::int64_t{4} << (10 + 2 * arrays_.size())));
    for (int i = 0; i < evaluations; ++i) {
      const std::size_t which = upto(tasks_.size());
      array& x = *arrays_[upto(arrays_.size())];
      array& y = *arrays_[upto(arrays_.size())];
      evaluate(which, x, y, upto(4) != 0 ? nullptr : arrays_[upto(arrays_.size())].get());
      if (upto(5) == 0) read(*arrays_[upto(arrays_.size())]);
      if (upto(9) == 0) write(*arrays_[upto(arrays_.size())]);
    }
  }
  void end() { log_->close(); }

  int on_devices = 0;

 private:
  struct array {
    std::uint64_t id;
    std::int64_t bytes;
    place_set valid_on;
    std::atomic<float> credit_us{0};
    memory::use_history* history = nullptr;
    bool was_used = false;
  };
  struct known {
    task what;
    std::uint64_t structure;
    planned_task planned{what, structure};
  };

  std::unique_ptr<array> new_array(std::int64_t bytes) {
    return std::unique_ptr<array>(new array{++last_id_, bytes, set_of(host_place)});
  }
  static operand_state state_of(array& of) { return {of.id, of.bytes, of.valid_on, false, &of.credit_us}; }
  void bring_to_host(array& what) {
    if (contains(what.valid_on, host_place)) return;
    what.valid_on |= set_of(host_place);
    if (what.history != nullptr) what.history->read_back();
    what.history = nullptr;
  }
  void bring(array& what, int place) {
    if (contains(what.valid_on, place)) return;
    bring_to_host(what);
    if (place == host_place) return;
    what.valid_on |= set_of(place);
    const double us = 80 + static_cast<double>(what.bytes) / 9e3;
    planner_->learn_copy(place, direction::to_device, memory_kind::pageable, what.bytes, us);
    log_->on_copy(place, true, false, what.bytes, us);
  }
  void read(array& what) {
    bring_to_host(what);
    log_->on_host_read(what.id);
  }
  void write(array& what) {
    bring_to_host(what);
    what.valid_on = set_of(host_place);
    log_->on_host_write(what.id);
  }

  // The result takes the place of one of the arrays, unless there is a target.
  void evaluate(std::size_t which, array& x, array& y, array* target) {
    known& of = tasks_[which];
    const bool brief = number_ % 7 == 3;
    question asked;
    std::vector<operand_state> reads{state_of(x)};
    if (&x != &y) reads.push_back(state_of(y));
    asked.worker_limit = 4;
    asked.free_bytes.fill(0);
    for (int place = 1; place < planner_->place_count(); ++place)
      asked.free_bytes[static_cast<std::size_t>(place)] = 1 << 28;
    asked.cold_us[1] = number_ % 11 == 0 ? 300 : 0;
    const bool writes_all = number_ % 3 != 0;
    operand_state writes;
    writes.bytes = of.what.result_bytes;
    if (target != nullptr) writes = state_of(*target);
    std::unique_ptr<array> made = target == nullptr ? new_array(of.what.result_bytes) : nullptr;
    if (brief) {
      asked = {};
      asked.worker_limit = 4;
      asked.allowed = set_of(host_place);
    } else {
      for (array* each : {&x, &y}) {
        if (each->history != nullptr && !each->was_used) each->history->used();
        if (each->history != nullptr) each->was_used = true;
      }
      asked.reads = reads;
      asked.writes = writes;
      asked.writes_all = target == nullptr || writes_all;
    }
    // As they were when the planner was asked.
    made_up_evaluation told;
    const decision decided = planner_->decide(of.planned, asked);
    told.number = ++number_;
    told.definition = told.structure = of.structure;
    told.planned = which + 1;
    told.what = of.what;
    told.reads = reads;
    told.writes = writes;
    if (made) told.writes.id = made->id;
    told.writes_all = target == nullptr || writes_all;
    told.is_new = made != nullptr;
    told.worker_limit = asked.worker_limit;
    told.allowed = asked.allowed;
    told.free_bytes.assign(asked.free_bytes.begin(), asked.free_bytes.end());
    told.cold_us.assign(asked.cold_us.begin(), asked.cold_us.end());
    told.asked = brief ? asking::about_work : asking::everything;
    told.place = decided.place;
    told.workers.assign(decided.workers.begin(), decided.workers.end());
    told.why = decided.why;
    told.predicted_us = decided.predicted_us;
    told.predicted_work_us = decided.predicted_work_us;
    told.tell(*log_);
    if (decided.place != host_place) ++on_devices;
    if (number_ % 13 == 0) {  // before anything is copied, as for what a policy does not allow
      log_->on_failure(number_);
      return;
    }
    bring(x, decided.place);
    bring(y, decided.place);
    if (target != nullptr && !writes_all) bring(*target, decided.place);
    const double took_us = decided.predicted_work_us * (0.5 + 0.1 * static_cast<double>(number_ % 23));
    planner_->learn(planner_->lesson_of(of.planned, decided.place), took_us);
    log_->on_outcome(number_, took_us);
    array& written = target != nullptr ? *target : *made;
    written.valid_on = set_of(decided.place);
    if (planner_->place_count() > 1) {
      memory::use_history& history = planner_->history_of(of.planned);
      history.made(decided.place != host_place);
      written.credit_us = decided.inherited_credit_us;
      written.history = &history;
      written.was_used = false;
    }
    if (target != nullptr) return;
    auto& gone = arrays_[number_ % arrays_.size()];
    log_->on_free(gone->id);
    gone = std::move(made);
  }

  profile constants_;
  planner_settings settings_;
  std::unique_ptr<planner> planner_;
  std::unique_ptr<decision_log> log_;
  std::vector<std::unique_ptr<array>> arrays_;
  std::array<known, 5> tasks_{known{made_up_task(1000), 11}, known{made_up_task(4e6), 12},
                              known{made_up_product(128), 13}, known{made_up_product(1024), 14},
                              known{made_up_product(2500, dtype::float64), 15}};
  std::uint64_t last_id_ = 0;
  std::uint64_t number_ = 0;
};

class Replay : public ::testing::Test {
 protected:
  std::string path() const { return folder_ / "log.jsonl"; }
  std::string text() const { return testing::read_text(path()); }

  testing::temporary_folder folder_;
};

TEST_F(Replay, MakesTheSameDecisions) {
  for (const bool learns : {false, true}) {
    for (unsigned seed = 1; seed < 5; ++seed) {
      made_up_application app(path(), learns);
      app.run(100, seed);
      app.add_device("sim:h200");
      app.run(600, seed + 10);
      app.add_device("gpu:0");
      app.run(600, seed + 20);
      app.end();
      const replay_result found = replay(path());
      EXPECT_EQ(found.decisions, 1300);
      EXPECT_EQ(found.different, 0) << "learns " << learns << ", seed " << seed << "\n" << to_string(found);
      EXPECT_EQ(to_string(found), "1300 decisions, all the same\n");
      EXPECT_GT(app.on_devices, 50);  // or there would be little to decide
    }
  }
}

TEST_F(Replay, FindsADecisionThatIsDifferent) {
  {
    made_up_application app(path(), true);
    app.add_device("sim:h200");
    app.run(50, 1);
    app.end();
  }
  std::string changed = text();
  const std::string from = "\"place\":0,\"workers\":";
  const std::size_t at = changed.find(from);
  ASSERT_NE(at, std::string::npos);
  const auto line = std::count(changed.begin(), changed.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1;
  changed.replace(at, 9, "\"place\":1");
  testing::write_text(path(), changed);
  const replay_result found = replay(path());
  ASSERT_GE(found.different, 1);
  EXPECT_EQ(found.differences.front().line, line);
  EXPECT_NE(found.differences.front().what.find("place: cpu, recorded sim:h200"), std::string::npos)
      << found.differences.front().what;
}

TEST_F(Replay, TextHasNoControlCharacters) {
  replay_result found;
  found.decisions = found.different = 1;
  found.differences.push_back({1, 2, "add(\x1b[2J\x7f, 1)", "place: \r, recorded cpu"});
  const std::string text = to_string(found);
  EXPECT_EQ(text,
            "1 decision, 1 of them different\n  line 2, evaluation 1: place:  , recorded cpu\n    add( [2J , 1)\n");
}

TEST_F(Replay, SaysWhereALogIsCutOff) {
  {
    made_up_application app(path(), true);
    app.run(20, 1);
    app.end();
  }
  std::filesystem::resize_file(path(), std::filesystem::file_size(path()) - 10);
  const replay_result found = replay(path());
  EXPECT_TRUE(found.is_cut_off);
  EXPECT_EQ(found.different, 0);
}

}  // namespace
}  // namespace tandem::plan
