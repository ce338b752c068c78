#include "regret/sequences.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <unordered_map>

namespace bench::regret {

namespace plan = tandem::plan;
namespace td = tandem;

namespace {

std::int64_t between(double low, double high, std::mt19937_64& chance) {
  return std::llround(std::exp(std::uniform_real_distribution<double>(std::log(low), std::log(high))(chance)));
}

td::dtype real_type(std::mt19937_64& chance) { return chance() % 2 == 0 ? td::float32 : td::float64; }

happening evaluation(std::size_t program, std::vector<int> reads, int writes) {
  return {happening::kind::evaluation, program, std::move(reads), writes};
}
happening host_read(int buffer) { return {happening::kind::host_read, 0, {}, buffer}; }
happening host_write(int buffer) { return {happening::kind::host_write, 0, {}, buffer}; }

// x = A @ x / something, again and again: A is used by all, the host wants the last x.
sequence power_iteration(std::mt19937_64& chance) {
  const std::int64_t n = between(64, 8000, chance);
  const td::dtype type = real_type(chance);
  sequence made{"power iteration", {}, {}, {}};
  const td::expr a = td::placeholder({n, n}, type), x = td::placeholder({n}, type);
  made.programs.push_back(work_of("a @ x", td::matmul(a, x) * 0.5));
  made.buffer_bytes = {n * n * td::item_size(type), n * td::item_size(type), n * td::item_size(type)};
  const std::int64_t rounds = between(1, 300, chance);
  for (std::int64_t i = 0; i < rounds; ++i) {
    const int from = static_cast<int>(1 + i % 2);
    made.happenings.push_back(evaluation(0, {0, from}, 3 - from));
  }
  made.happenings.push_back(host_read(static_cast<int>(1 + rounds % 2)));
  return made;
}

// A state that changes from step to step, of which the host sees one number each time, or one in ten.
sequence stepping(std::mt19937_64& chance) {
  const std::int64_t n = between(1000, 30'000'000, chance);
  const td::dtype type = real_type(chance);
  sequence made{"time steps", {}, {}, {}};
  const td::expr u = td::placeholder({n}, type), v = td::placeholder({n}, type);
  made.programs.push_back(work_of("step", u + 0.1 * (v - u)));
  made.programs.push_back(work_of("sum", td::sum(u * u)));
  const std::int64_t bytes = n * td::item_size(type);
  made.buffer_bytes = {bytes, bytes, bytes, td::item_size(type)};
  const std::int64_t steps = between(1, 300, chance);
  const std::int64_t look_every = chance() % 2 == 0 ? 1 : 10;
  for (std::int64_t i = 0; i < steps; ++i) {
    const int from = static_cast<int>(i % 2);
    made.happenings.push_back(evaluation(0, {from, 2}, 1 - from));
    if (i % look_every != 0) continue;
    made.happenings.push_back(evaluation(1, {1 - from}, 3));
    made.happenings.push_back(host_read(3));
  }
  made.happenings.push_back(host_read(static_cast<int>(steps % 2)));
  return made;
}

// Batches from the host go through a layer whose weights stay, and back.
sequence batches(std::mt19937_64& chance) {
  const std::int64_t rows = between(8, 4000, chance), k = between(16, 4000, chance), m = between(16, 4000, chance);
  const td::dtype type = real_type(chance);
  sequence made{"batches", {}, {}, {}};
  const td::expr x = td::placeholder({rows, k}, type), w = td::placeholder({k, m}, type),
                 y = td::placeholder({rows, m}, type);
  made.programs.push_back(work_of("layer", td::maximum(td::matmul(x, w), 0.0)));
  made.programs.push_back(work_of("scores", td::sum(y * y, {.axis = 1})));
  made.buffer_bytes = {rows * k * td::item_size(type), k * m * td::item_size(type), rows * m * td::item_size(type),
                       rows * td::item_size(type)};
  const std::int64_t count = between(1, 200, chance);
  for (std::int64_t i = 0; i < count; ++i) {
    made.happenings.push_back(host_write(0));
    made.happenings.push_back(evaluation(0, {0, 1}, 2));
    made.happenings.push_back(evaluation(1, {2}, 3));
    made.happenings.push_back(host_read(3));
  }
  return made;
}

// One large array is asked again and again, by different questions; now and then the host changes it.
sequence questions(std::mt19937_64& chance) {
  const std::int64_t n = between(1000, 50'000'000, chance);
  const td::dtype type = real_type(chance);
  sequence made{"questions", {}, {}, {}};
  const td::expr a = td::placeholder({n}, type);
  made.programs.push_back(work_of("sum", td::sum(td::exp(a))));
  made.programs.push_back(work_of("largest", td::max(a)));
  made.programs.push_back(work_of("spread", td::sum(td::square(a - 0.5))));
  made.buffer_bytes = {n * td::item_size(type), td::item_size(type)};
  const std::int64_t count = between(1, 300, chance);
  const std::int64_t changes_every = between(5, 400, chance);
  for (std::int64_t i = 0; i < count; ++i) {
    if (i % changes_every == changes_every - 1) made.happenings.push_back(host_write(0));
    made.happenings.push_back(evaluation(chance() % 3, {0}, 1));
    made.happenings.push_back(host_read(1));
  }
  return made;
}

// Where buffers are, two bits each.
using state = std::uint64_t;
plan::place_set places_in(state in, int buffer) { return static_cast<plan::place_set>(in >> (2 * buffer) & 3); }
state with_places(state in, int buffer, plan::place_set places) {
  return (in & ~(state{3} << (2 * buffer))) | state{places} << (2 * buffer);
}
state all_on_host(std::size_t buffers) {
  state made = 0;
  for (std::size_t i = 0; i < buffers; ++i) made = with_places(made, static_cast<int>(i), on_host);
  return made;
}

// What work takes at each place, once a program.
struct program_times {
  double host_us;
  double device_us;
};
std::vector<program_times> times_of(const truth& takes, const sequence& of) {
  std::vector<program_times> times;
  for (const work& each : of.programs) {
    times.push_back({takes.best_host_us(each.program), takes.device_us(each.program)});
  }
  return times;
}

// Lets a buffer be where it is needed; returns what that takes.
double bring(const truth& takes, const sequence& of, state& now, int buffer, int place) {
  const plan::place_set where = places_in(now, buffer);
  if (plan::contains(where, place)) return 0;
  now = with_places(now, buffer, where | plan::set_of(place));
  return takes.copy_us(place == device_place ? plan::direction::to_device : plan::direction::to_host,
                       of.buffer_bytes[static_cast<std::size_t>(buffer)]);
}

double happen(const truth& takes, const sequence& of, const happening& what, const std::vector<program_times>& times,
              state& now, int place) {
  switch (what.what) {
    case happening::kind::host_write: now = with_places(now, what.buffer, on_host); return 0;
    case happening::kind::host_read: return bring(takes, of, now, what.buffer, plan::host_place);
    case happening::kind::evaluation: break;
  }
  double us = place == plan::host_place ? times[what.program].host_us : times[what.program].device_us;
  for (const int each : what.reads) us += bring(takes, of, now, each, place);
  now = with_places(now, what.buffer, plan::set_of(place));
  return us;
}

}  // namespace

sequence random_sequence(bool for_testing, std::mt19937_64& chance) {
  if (!for_testing) return chance() % 2 == 0 ? power_iteration(chance) : questions(chance);
  switch (chance() % 4) {
    case 0: return power_iteration(chance);
    case 1: return stepping(chance);
    case 2: return batches(chance);
    default: return questions(chance);
  }
}

double best_us(const truth& takes, const sequence& of) {
  const std::vector<program_times> times = times_of(takes, of);
  std::unordered_map<state, double> now{{all_on_host(of.buffer_bytes.size()), 0}};
  for (const happening& each : of.happenings) {
    std::unordered_map<state, double> next;
    for (const auto& [where, us] : now) {
      const bool is_choice = each.what == happening::kind::evaluation;
      for (int place = plan::host_place; place <= (is_choice ? device_place : plan::host_place); ++place) {
        state after = where;
        const double then_us = us + happen(takes, of, each, times, after, place);
        const auto [found, is_new] = next.try_emplace(after, then_us);
        if (!is_new) found->second = std::min(found->second, then_us);
      }
    }
    now = std::move(next);
  }
  double best = std::numeric_limits<double>::infinity();
  for (const auto& [where, us] : now) best = std::min(best, us);
  return best;
}

double fixed_us(const truth& takes, const sequence& of, int place) {
  const std::vector<program_times> times = times_of(takes, of);
  state now = all_on_host(of.buffer_bytes.size());
  double us = 0;
  for (const happening& each : of.happenings) us += happen(takes, of, each, times, now, place);
  return us;
}

player::player(scene& on, const sequence& of, std::uint64_t first_structure) : on_(on), of_(of) {
  for (std::size_t i = 0; i < of.programs.size(); ++i) {
    tasks_.push_back(std::make_unique<plan::planned_task>(plan::task_of(of.programs[i].program), first_structure + i));
  }
}

double player::play() {
  scene& on = on_;
  const sequence& of = of_;
  const truth& takes = on.takes();
  plan::planner& planner = on.planner();
  // Other arrays each time.
  first_id_ += 1000;
  struct note {
    std::atomic<float> credit_us{0};
    td::memory::use_history* history = nullptr;
    bool was_used = false;
    std::uint64_t version = 0;
  };
  std::vector<note> notes(of.buffer_bytes.size());
  std::vector<program_times> times(of.programs.size());
  state now = all_on_host(of.buffer_bytes.size());
  double total_us = 0;
  for (const happening& each : of.happenings) {
    note& made = notes[static_cast<std::size_t>(each.buffer)];
    if (each.what != happening::kind::evaluation) {
      const bool is_missing = !plan::contains(places_in(now, each.buffer), plan::host_place);
      if (each.what == happening::kind::host_read && is_missing) {
        if (made.history != nullptr) std::exchange(made.history, nullptr)->read_back();
        on.copy(plan::direction::to_host, of.buffer_bytes[static_cast<std::size_t>(each.buffer)]);
      }
      if (each.what == happening::kind::host_write) {
        made.history = nullptr;
        ++made.version;
      }
      total_us += happen(takes, of, each, times, now, plan::host_place);
      continue;
    }
    plan::planned_task& task = *tasks_[each.program];
    std::vector<plan::operand_state> reads;
    for (const int buffer : each.reads) {
      note& used = notes[static_cast<std::size_t>(buffer)];
      if (used.history != nullptr && !std::exchange(used.was_used, true)) used.history->used();
      reads.push_back({first_id_ + static_cast<std::uint64_t>(buffer),
                       of.buffer_bytes[static_cast<std::size_t>(buffer)], places_in(now, buffer), false,
                       &used.credit_us, used.version});
    }
    plan::question asked;
    asked.reads = reads;
    asked.writes.bytes = of.buffer_bytes[static_cast<std::size_t>(each.buffer)];
    asked.worker_limit = on.on().host->cores;
    asked.free_bytes[device_place] = on.on().device->memory_bytes;
    const plan::decision decided = planner.decide(task, asked);
    for (const plan::operand_state& read : reads) {
      if (plan::contains(read.valid_on, decided.place)) continue;
      on.copy(decided.place == device_place ? plan::direction::to_device : plan::direction::to_host, read.bytes);
      if (decided.place != device_place) {
        note& used = notes[read.id - first_id_];
        if (used.history != nullptr) std::exchange(used.history, nullptr)->read_back();
      }
    }
    on.run(of.programs[each.program], task, decided);
    times[each.program] = {
        decided.place == plan::host_place ? takes.host_us(of.programs[each.program].program, decided.workers) : 0,
        takes.device_us(of.programs[each.program].program)};
    total_us += happen(takes, of, each, times, now, decided.place);
    made.history = &planner.history_of(task);
    made.history->made(decided.place == device_place);
    made.was_used = false;
    ++made.version;
    made.credit_us = decided.inherited_credit_us;
  }
  return total_us;
}

}  // namespace bench::regret
