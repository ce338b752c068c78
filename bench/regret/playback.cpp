#include "regret/playback.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <unordered_map>
#include <utility>

#include "memory/use_history.h"
#include "plan/residency.h"

namespace bench::regret {

namespace plan = tandem::plan;

namespace {

using kind = recorded_event::kind;

// What the work of a program takes at each place, and where it has been put.
struct program_times {
  double host_us;
  double device_us;
  int evaluations = 0;
  int at_device = 0;
};

plan::direction direction_of(const plan::movement& what) {
  return what.to_device ? plan::direction::to_device : plan::direction::to_host;
}

// Whatever the machine on which it was recorded had where, arrays come from the host.
plan::operand_state from_host(plan::operand_state of, std::uint64_t first_id) {
  of.id += first_id;
  of.is_pinned = false;
  of.valid_on = of.valid_on == 0 ? 0 : on_host;
  return of;
}

// The application once, at places that need no planner.
class plain_play {
 public:
  using chooser = std::function<int(const recorded_event&, const plan::residency&)>;

  plain_play(const scene& on, const recording& of) : takes_(on.takes()), on_(on.on()), of_(of) {
    for (const recorded_program& each : of.programs) {
      times_.push_back({takes_.best_host_us(each.program), takes_.device_us(each.program)});
    }
  }

  double run(const chooser& choose) {
    plan::residency arrays;
    arrays.limit(device_place, on_.device->memory_bytes);
    std::vector<plan::operand_state> reads;
    std::vector<plan::movement> moved;
    for (program_times& each : times_) each.evaluations = each.at_device = 0;
    double us = 0;
    for (const recorded_event& each : of_.events) {
      moved.clear();
      switch (each.what) {
        case kind::host_read: arrays.read_on_host(each.id, moved); break;
        case kind::host_write: arrays.write_on_host(each.id, moved); break;
        case kind::free: arrays.free(each.id); break;
        case kind::evaluation: {
          reads.clear();
          for (const plan::operand_state& read : each.reads) reads.push_back(from_host(read, 0));
          // It is known from now on, wherever it is chosen.
          for (const plan::operand_state& read : reads) {
            if (read.bytes > 0) arrays.find(read);
          }
          const int place = choose(each, arrays);
          program_times& times = times_[each.program];
          ++times.evaluations;
          times.at_device += place == device_place ? 1 : 0;
          arrays.work_at(place, reads, from_host(each.writes, 0), each.writes_all, moved);
          us += place == device_place ? times.device_us : times.host_us;
          break;
        }
      }
      for (const plan::movement& copy : moved) us += takes_.copy_us(direction_of(copy), copy.bytes);
    }
    return us;
  }

  double run_at(int place) {
    return run([place](const recorded_event&, const plan::residency&) { return place; });
  }
  double run_greedily() {
    return run([this](const recorded_event& what, const plan::residency& in) { return soonest(what, in); });
  }
  double run_where_operands_are() {
    return run([this](const recorded_event& what, const plan::residency& in) {
      std::int64_t here = 0;
      std::int64_t there = 0;
      for (const plan::operand_state& each : what.reads) {
        here += is_at(in, each, plan::host_place) ? each.bytes : 0;
        there += is_at(in, each, device_place) ? each.bytes : 0;
      }
      return here == there ? soonest(what, in) : here > there ? plan::host_place : device_place;
    });
  }
  double run_with(const std::vector<int>& places) {
    return run([&places](const recorded_event& what, const plan::residency&) { return places[what.program]; });
  }
  /// For each program, where more of its evaluations were the last time.
  std::vector<int> usual_places() const {
    std::vector<int> places;
    for (const program_times& each : times_) {
      places.push_back(2 * each.at_device > each.evaluations ? device_place : plan::host_place);
    }
    return places;
  }
  double settle(std::vector<int> places) {
    double best_us = run_with(places);
    std::size_t unchanged = 0;
    for (std::size_t i = 0; unchanged < places.size(); i = (i + 1) % places.size(), ++unchanged) {
      const auto change = [&] { places[i] = places[i] == device_place ? plan::host_place : device_place; };
      change();
      const double us = run_with(places);
      if (us < best_us) {
        best_us = us;
        unchanged = 0;
      } else {
        change();
      }
    }
    return best_us;
  }

 private:
  static bool is_at(const plan::residency& in, const plan::operand_state& what, int place) {
    const plan::resident_block* const found = in.find(what.id);
    return found != nullptr && plan::contains(found->valid_on, place);
  }
  int soonest(const recorded_event& what, const plan::residency& in) const {
    double us[] = {times_[what.program].host_us, times_[what.program].device_us};
    const auto add = [&](const plan::operand_state& of) {
      const plan::resident_block* const found = in.find(of.id);
      if (found == nullptr || found->valid_on == 0) return;
      if (!plan::contains(found->valid_on, plan::host_place)) {
        us[plan::host_place] += takes_.copy_us(plan::direction::to_host, of.bytes);
      } else if (!plan::contains(found->valid_on, device_place)) {
        us[device_place] += takes_.copy_us(plan::direction::to_device, of.bytes);
      }
    };
    for (const plan::operand_state& each : what.reads) add(each);
    if (!what.writes_all) add(what.writes);
    return us[device_place] < us[plan::host_place] ? device_place : plan::host_place;
  }

  const truth& takes_;
  const machine& on_;
  const recording& of_;
  std::vector<program_times> times_;
};

// The application with a planner, as often as wanted.
class planned_play {
 public:
  planned_play(scene& on, const recording& of) : on_(on), of_(of) {
    for (const recorded_program& each : of.programs) {
      tasks_.push_back(std::make_unique<plan::planned_task>(each.task, each.structure));
      device_us_.push_back(on.takes().device_us(each.program));
      device_evaluations_.push_back(0);
      evaluations_.push_back(0);
    }
  }

  double run() {
    first_id_ += std::uint64_t{1} << 32;
    notes_.clear();
    plan::residency arrays;
    arrays.limit(device_place, on_.on().device->memory_bytes);
    std::ranges::fill(device_evaluations_, 0);
    std::ranges::fill(evaluations_, 0);
    double us = 0;
    for (const recorded_event& each : of_.events) {
      moved_.clear();
      const std::uint64_t id = first_id_ + each.id;
      switch (each.what) {
        case kind::host_read: arrays.read_on_host(id, moved_); break;
        case kind::host_write: arrays.write_on_host(id, moved_); break;
        case kind::free:
          arrays.free(id);
          notes_.erase(id);
          break;
        case kind::evaluation: us += evaluate(each, arrays); break;
      }
      us += copy();
      if (each.what == kind::host_write) notes_[id].history = nullptr;
    }
    return us;
  }
  std::vector<int> usual_places() const {
    std::vector<int> places;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      places.push_back(2 * device_evaluations_[i] > evaluations_[i] ? device_place : plan::host_place);
    }
    return places;
  }

 private:
  // Of a block, as `memory::placement_note`; its credit is with where it is.
  struct note {
    tandem::memory::use_history* history = nullptr;
    bool was_used = false;
  };

  double evaluate(const recorded_event& what, plan::residency& arrays) {
    plan::planned_task& task = *tasks_[what.program];
    const tandem::ops::program& program = of_.programs[what.program].program;
    plan::planner& planner = on_.planner();
    reads_.clear();
    for (const plan::operand_state& each : what.reads) {
      plan::operand_state read = from_host(each, first_id_);
      if (read.bytes > 0) {
        plan::resident_block& block = arrays.find(read);
        read.valid_on = block.valid_on;
        read.credit_us = &block.credit_us;
        note& of = notes_[read.id];
        if (of.history != nullptr && !std::exchange(of.was_used, true)) of.history->used();
      }
      reads_.push_back(read);
    }
    plan::question asked;
    asked.reads = reads_;
    asked.writes = from_host(what.writes, first_id_);
    if (what.is_new) {
      asked.writes.valid_on = 0;
    } else if (asked.writes.bytes > 0) {
      plan::resident_block& block = arrays.find(asked.writes);
      asked.writes.valid_on = block.valid_on;
      asked.writes.credit_us = &block.credit_us;
    }
    asked.writes_all = what.writes_all;
    asked.worker_limit = on_.on().host->cores;
    asked.free_bytes[device_place] = arrays.free_bytes(device_place);
    const plan::decision decided = planner.decide(task, asked);
    const bool is_device = decided.place == device_place;
    arrays.work_at(decided.place, reads_, asked.writes, what.writes_all, moved_);
    double us = copy();
    on_.run(program, task, decided);
    us += is_device ? device_us_[what.program] : on_.takes().host_us(program, decided.workers);
    ++evaluations_[what.program];
    device_evaluations_[what.program] += is_device ? 1 : 0;
    if (asked.writes.bytes > 0) {
      tandem::memory::use_history& history = planner.history_of(task);
      history.made(is_device);
      notes_[asked.writes.id] = {&history, false};
      arrays.find(asked.writes).credit_us = decided.inherited_credit_us;
    }
    return us;
  }

  // Does the copies in `moved_`; what they take when nothing disturbs them.
  double copy() {
    double us = 0;
    for (const plan::movement& each : moved_) {
      us += on_.takes().copy_us(direction_of(each), each.bytes);
      on_.copy(direction_of(each), each.bytes);
      if (each.to_device) continue;
      note& of = notes_[each.id];
      if (of.history != nullptr) std::exchange(of.history, nullptr)->read_back();
    }
    moved_.clear();
    return us;
  }

  scene& on_;
  const recording& of_;
  std::vector<std::unique_ptr<plan::planned_task>> tasks_;
  std::vector<double> device_us_;
  std::vector<int> evaluations_;
  std::vector<int> device_evaluations_;
  std::uint64_t first_id_ = 0;
  std::unordered_map<std::uint64_t, note> notes_;
  std::vector<plan::operand_state> reads_;
  std::vector<plan::movement> moved_;
};

}  // namespace

double application_times::best_us() const noexcept {
  return std::min({planned_us, host_us, device_us, operands_us, greedy_us, settled_us});
}

application_times play(scene& on, const recording& of) {
  plain_play plain(on, of);
  planned_play planned(on, of);
  application_times made{};
  std::vector<std::vector<int>> beginnings;
  made.planned_us = planned.run();
  beginnings.push_back(planned.usual_places());
  made.repeated_us = planned.run();
  made.host_us = plain.run_at(plan::host_place);
  beginnings.push_back(plain.usual_places());
  made.device_us = plain.run_at(device_place);
  beginnings.push_back(plain.usual_places());
  made.operands_us = plain.run_where_operands_are();
  beginnings.push_back(plain.usual_places());
  made.greedy_us = plain.run_greedily();
  beginnings.push_back(plain.usual_places());
  made.settled_us = made.host_us;
  for (const std::vector<int>& each : beginnings) made.settled_us = std::min(made.settled_us, plain.settle(each));
  return made;
}

}  // namespace bench::regret
