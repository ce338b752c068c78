#include "plan/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <mutex>

#include <tandem/errors.h>

#include "plan/model.h"
#include "plan/planner_state.h"

namespace tandem::plan {

namespace {

/// A place is left only for a gain above this part, or above twice the deviation of measurements, at most a quarter.
constexpr double least_gain = 0.05;
constexpr double most_needed_gain = 0.25;
/// What it takes to ask the system how many cores a thread may use now (AMD Zen 5, 2026-11: 0.4 us).
constexpr double asking_us = 0.5;
/// Shorter work teaches nothing: what is measured is mostly noise.
constexpr double shortest_lesson_us = 50;

// The stage that takes longest decides what corrections are for.
struct longest_stage {
  double us = -1;
  const stage_task* which = nullptr;

  void add(const stage_task& each, double its_us) {
    if (its_us <= us) return;
    us = its_us;
    which = &each;
  }
  std::uint64_t key(int place) const noexcept {
    if (which == nullptr) return key_of(0, dtype::bool_, place, 0);  // nothing to do, too short to learn from
    double work = which->bytes;
    for (const double each : which->operations) work += each;
    const auto size = static_cast<std::uint64_t>(work < 1 ? 0 : std::ilogb(work));
    return key_of(which->operation, which->type, place, size);
  }
};

}  // namespace

std::string_view to_string(cause why) noexcept {
  switch (why) {
    case cause::only_place: return "only-place";
    case cause::forced: return "forced";
    case cause::unsupported: return "unsupported";
    case cause::no_memory: return "no-memory";
    case cause::resident: return "resident";
    case cause::transfer_bound: return "transfer-bound";
    case cause::launch_bound: return "launch-bound";
    case cause::compute_bound: return "compute-bound";
    case cause::credit: return "credit";
    case cause::hysteresis: return "hysteresis";
    case cause::exploration: break;
  }
  return "exploration";
}

planner::planner(profile constants, planner_settings settings) : state_(std::make_unique<state>(std::move(constants))) {
  state_->learns = settings.learns;
  state_->exploration = settings.exploration;
  state_->devices[host_place].name = "cpu";
}

planner::~planner() = default;

int planner::add(device_entry device) {
  const std::lock_guard lock(state_->adding);
  const int place = place_count();
  if (place == most_places) {
    throw argument_error(
        fmt::format("the planner chooses among at most {} devices; {} is one more", most_places - 1, device.name));
  }
  state_->devices[static_cast<std::size_t>(place)] = std::move(device);
  state_->count.store(place + 1, std::memory_order_release);
  return place;
}

int planner::place_count() const noexcept { return state_->count.load(std::memory_order_acquire); }
std::string_view planner::name_of(int place) const noexcept {
  return state_->devices[static_cast<std::size_t>(place)].name;
}
planner_settings planner::settings() const noexcept {
  return {state_->learns.load(std::memory_order_relaxed), state_->exploration};
}
const profile& planner::constants() const noexcept { return state_->constants; }
const device_profile& planner::constants_at(int place) const noexcept {
  return state_->devices[static_cast<std::size_t>(place)].constants;
}

// ---- what does not change from run to run

void planner::prepare(planned_task& what, int worker_limit) const {
  const auto count = static_cast<std::uint64_t>(place_count());
  if (what.version_ == count && what.worker_limit_ == worker_limit) return;
  const host_model& host = state_->host;
  longest_stage longest;
  double work_us = 0;
  for (std::size_t i = 0; i < what.what_.stages.size(); ++i) {
    const host_time time = host.best(what.what_.stages[i], worker_limit);
    what.workers_[i] = static_cast<std::int16_t>(time.workers);
    work_us += time.us();
    longest.add(what.what_.stages[i], time.us());
  }
  planned_task::at_place& here = what.places_[host_place];
  here.work_us = work_us + host.constants().call_us.value;
  here.fixed_us = 0;
  here.learned = &state_->corrections[longest.key(host_place)];
  for (int place = 1; place < static_cast<int>(count); ++place) {
    const device_profile& by = state_->devices[static_cast<std::size_t>(place)].constants;
    longest = {};
    double us = 0;
    for (const stage_task& each : what.what_.stages) {
      const double stage_us = on_device(by, each).us();
      longest.add(each, stage_us);
      us += std::max(stage_us, by.launch_us.value);  // launches go on while kernels run
    }
    planned_task::at_place& there = what.places_[static_cast<std::size_t>(place)];
    there.work_us = us;
    there.fixed_us = by.allocate_us.value + by.launch_us.value;
    there.wait_us = by.synchronize_us.value;
    there.learned = &state_->corrections[longest.key(place)];
  }
  what.history_ = &state_->history_of(what);
  what.worker_limit_ = worker_limit;
  what.version_ = count;
}

bool planner::may_share(planned_task& what) const {
  if (what.knows_sharing_) return what.may_share_;
  const host_model& host = state_->host;
  what.knows_sharing_ = true;
  const int cores = host.constants().cores;
  if (cores < 2) return false;
  for (const stage_task& each : what.what_.stages) {
    const double alone_us = host.time(each, 1).us();
    const double together_us = host.best(each, cores).us();
    if (together_us + asking_us < (1 - least_gain_by_workers) * alone_us) what.may_share_ = true;
  }
  return what.may_share_;
}

double planner::host_time_us(planned_task& what, int worker_limit) const {
  prepare(what, worker_limit);
  const planned_task::at_place& here = what.places_[host_place];
  return here.work_us * here.learned->factor();
}

memory::use_history& planner::history_of(planned_task& what) const {
  if (what.history_ == nullptr) what.history_ = &state_->history_of(what);
  return *what.history_;
}

// ---- habits

double planned_task::habit::expected(const operand_state& what) const noexcept {
  return std::max(1.0, double{usual} - (is_of(what) ? double{times} : 0));
}

void planned_task::habit::note(const operand_state& what) noexcept {
  if (is_of(what)) {
    ++times;
    return;
  }
  if (times > 0) usual = usual == 0 ? times : (usual + times) / 2;
  id = what.id;
  version = what.version;
  times = 1;
}

// ---- prices

double planner::copy_us(int place, direction to, memory_kind kind, std::int64_t bytes) const noexcept {
  return copy_time_us(state_->link(place, to, kind), bytes) * state_->of_link(place, to, kind).factor();
}

planner::moving_times planner::move_us(const operand_state& what, int place) const noexcept {
  moving_times times;
  if (what.valid_on == 0 || contains(what.valid_on, place) || what.bytes == 0) return times;
  const memory_kind kind = what.is_pinned ? memory_kind::pinned : memory_kind::pageable;
  const auto add = [&](int over, direction to, double more_us) {
    const double us = copy_time_us(state_->link(over, to, kind), what.bytes);
    times.us += us * state_->of_link(over, to, kind).factor() + more_us;
    times.unlearned_us += us + more_us;
  };
  if (!contains(what.valid_on, host_place)) {
    const int from = std::countr_zero(what.valid_on);
    add(from, direction::to_host, state_->devices[static_cast<std::size_t>(from)].constants.synchronize_us.value);
  }
  if (place != host_place) add(place, direction::to_device, 0);
  return times;
}

std::array<planner::price, most_places> planner::price_all(planned_task& what, const question& asked) const {
  prepare(what, asked.worker_limit);
  std::array<price, most_places> prices;
  const int count = place_count();
  const double probability = state_->probability_of_reading(*what.history_, asked.writes.bytes);
  for (int place = 0; place < count; ++place) {
    price& of = prices[static_cast<std::size_t>(place)];
    const planned_task::at_place& here = what.places_[static_cast<std::size_t>(place)];
    of.is_possible = contains(asked.allowed, place);
    of.why_not = cause::forced;
    of.work_us = here.work_us * here.learned->factor();
    of.fixed_us = here.fixed_us;
    of.cold_us = asked.cold_us[static_cast<std::size_t>(place)];
    std::int64_t needed_bytes = what.what_.temporary_bytes;
    const auto add = [&](const operand_state& operand, double expected_uses) {
      if (operand.valid_on == 0 || contains(operand.valid_on, place) || operand.bytes == 0) return;
      add_bytes(needed_bytes, operand.bytes);
      const moving_times moving = move_us(operand, place);
      const double us = moving.us;
      of.copies_us += us;
      of.unlearned_copies_us += moving.unlearned_us;
      double credit_us = 0;
      if (operand.credit_us != nullptr) {
        credit_us = std::min(us, double{operand.credit_us->load(std::memory_order_relaxed)});
      }
      of.credit_us += credit_us;
      of.shared_us += (us - credit_us) * (1 - 1 / expected_uses);
    };
    for (std::size_t i = 0; i < asked.reads.size(); ++i) {
      const bool is_known = i < planned_task::most_known;
      add(asked.reads[i], is_known ? what.habits_[i].expected(asked.reads[i]) : 1);
    }
    if (!asked.writes_all) {
      add(asked.writes, 1);
    } else if (!contains(asked.writes.valid_on, place)) {
      add_bytes(needed_bytes, asked.writes.bytes);
    }
    if (place == host_place) continue;
    of.back_us =
        probability * (here.wait_us + copy_us(place, direction::to_host,
                                              asked.writes.is_pinned ? memory_kind::pinned : memory_kind::pageable,
                                              asked.writes.bytes));
    if (needed_bytes > asked.free_bytes[static_cast<std::size_t>(place)] && of.is_possible) {
      of.is_possible = false;
      of.why_not = cause::no_memory;
    }
  }
  return prices;
}

// ---- deciding

namespace {

// Adds to what somebody else may add to, too; one of two may be lost.
void add_to(std::atomic<double>& to, double us) noexcept {
  to.store(to.load(std::memory_order_relaxed) + us, std::memory_order_relaxed);
}

}  // namespace

decision planner::decide(planned_task& what, const question& asked) {
  const int count = place_count();
  if (count == 1 || asked.allowed == set_of(host_place)) {
    prepare(what, asked.worker_limit);
    const planned_task::at_place& here = what.places_[host_place];
    const double us = here.work_us * here.learned->factor();
    const cause why = count == 1 && asked.allowed == all_places ? cause::only_place : cause::forced;
    return {host_place, what.workers_, why, us, us, 0};
  }
  const auto prices = price_all(what, asked);
  ++what.decisions_;
  choice chosen = choose(what, asked, prices);
  if (state_->learns.load(std::memory_order_relaxed)) explore(what, prices, chosen);
  const price& of = prices[static_cast<std::size_t>(chosen.place)];
  what.last_place_ = chosen.place;
  what.places_[static_cast<std::size_t>(chosen.place)].tried = what.decisions_;
  add_to(state_->run_us, of.alone_us() + of.copies_us);
  for (std::size_t i = 0; i < std::min<std::size_t>(asked.reads.size(), planned_task::most_known); ++i) {
    what.habits_[i].note(asked.reads[i]);
  }
  const float inherited_us = remember_gain(asked, prices, chosen.place);
  return {chosen.place,
          chosen.place == host_place ? std::span<const std::int16_t>(what.workers_) : std::span<const std::int16_t>(),
          chosen.why,
          of.us(),
          of.work_us,
          inherited_us};
}

planner::choice planner::choose(const planned_task& what, const question& asked,
                                const std::array<price, most_places>& prices) const noexcept {
  const int count = place_count();
  int best = -1;
  int possible = 0;
  for (int place = 0; place < count; ++place) {
    const price& of = prices[static_cast<std::size_t>(place)];
    if (!of.is_possible) continue;
    ++possible;
    if (best < 0 || of.us() < prices[static_cast<std::size_t>(best)].us()) best = place;
  }
  // What the policy demands is tried, and fails with an error that says why.
  if (best < 0) return {std::countr_zero(asked.allowed), cause::forced};
  const price& chosen = prices[static_cast<std::size_t>(best)];
  for (int place = 0; place < count; ++place) {
    const price& of = prices[static_cast<std::size_t>(place)];
    // Where nothing else is left, for lack of memory, it does not matter whether it would have been better.
    if (of.is_possible || of.why_not != cause::no_memory) continue;
    if (possible == 1 || of.us() < chosen.us()) return {best, cause::no_memory};
  }
  if (possible == 1) return {best, cause::forced};
  const int last = what.last_place_;
  if (last >= 0 && last < count && last != best && prices[static_cast<std::size_t>(last)].is_possible) {
    const double before_us = prices[static_cast<std::size_t>(last)].us();
    const double sigma = std::max(what.places_[static_cast<std::size_t>(last)].learned->sigma(),
                                  what.places_[static_cast<std::size_t>(best)].learned->sigma());
    const double needed = std::clamp(2 * sigma, least_gain, most_needed_gain);
    if (chosen.us() > before_us * (1 - needed)) return {last, cause::hysteresis};
  }
  int other = -1;
  for (int place = 0; place < count; ++place) {
    if (place == best || !prices[static_cast<std::size_t>(place)].is_possible) continue;
    if (other < 0 || prices[static_cast<std::size_t>(place)].us() < prices[static_cast<std::size_t>(other)].us()) {
      other = place;
    }
  }
  const price& beside = prices[static_cast<std::size_t>(other)];
  if (chosen.credit_us > 0 && chosen.us() + chosen.credit_us > beside.us()) return {best, cause::credit};
  if (best == host_place) {
    const device_profile& by = state_->devices[static_cast<std::size_t>(other)].constants;
    const double start_us = beside.fixed_us + by.kernel_us.value * static_cast<double>(what.what_.stages.size());
    if (start_us >= chosen.us()) return {best, cause::launch_bound};
    if (beside.work_us + beside.fixed_us < chosen.us()) return {best, cause::transfer_bound};
    return {best, cause::compute_bound};
  }
  if (beside.copies_us > 0 && beside.alone_us() < chosen.us()) return {best, cause::resident};
  return {best, cause::compute_bound};
}

// Now and then another place is tried: what it was thought to cost may come from a time when something else was going
// on.
void planner::explore(planned_task& what, const std::array<price, most_places>& prices, choice& chosen) noexcept {
  constexpr std::uint64_t most_patience = 4096;
  const double best_us = prices[static_cast<std::size_t>(chosen.place)].us();
  if (best_us < shortest_lesson_us) return;
  for (int place = 0; place < place_count(); ++place) {
    const price& of = prices[static_cast<std::size_t>(place)];
    if (place == chosen.place || !of.is_possible) continue;
    planned_task::at_place& there = what.places_[static_cast<std::size_t>(place)];
    if (what.decisions_ - there.tried < there.patience) continue;
    // Without what was learned it is not far behind.
    const double factor = there.learned->factor();
    const double unlearned_us = of.us() - of.work_us + of.work_us / factor - of.copies_us + of.unlearned_copies_us;
    const double extra_us = std::max(of.us() - best_us, 0.0);
    const double allowed_us = state_->exploration * state_->run_us.load(std::memory_order_relaxed);
    if (unlearned_us > 2 * best_us || state_->explored_us.load(std::memory_order_relaxed) + extra_us > allowed_us) {
      continue;
    }
    there.patience = std::min(2 * there.patience, most_patience);
    add_to(state_->explored_us, extra_us);
    chosen = {place, cause::exploration};
    return;
  }
}

// Ski rental: what staying costs in the long run is remembered with what would have to move, and pays for moving it.
// Returns what the result inherits.
float planner::remember_gain(const question& asked, const std::array<price, most_places>& prices, int chosen) noexcept {
  const double paid_us = prices[static_cast<std::size_t>(chosen)].us();
  int better = -1;
  double gain_us = 0;
  for (int place = 0; place < place_count(); ++place) {
    const price& of = prices[static_cast<std::size_t>(place)];
    if (place == chosen || !of.is_possible || of.copies_us == 0 || paid_us - of.alone_us() <= gain_us) continue;
    better = place;
    gain_us = paid_us - of.alone_us();
  }
  float inherited_us = 0;
  for (const operand_state& each : asked.reads) {
    if (each.credit_us == nullptr || each.bytes == 0) continue;
    if (each.valid_on != 0 && !contains(each.valid_on, chosen)) {
      each.credit_us->store(0, std::memory_order_relaxed);
      continue;
    }
    if (better < 0 || contains(each.valid_on, better)) continue;
    const double share = move_us(each, better).us / prices[static_cast<std::size_t>(better)].copies_us;
    const float now_us = each.credit_us->load(std::memory_order_relaxed) + static_cast<float>(gain_us * share);
    each.credit_us->store(now_us, std::memory_order_relaxed);
    const double part = std::min(1.0, static_cast<double>(asked.writes.bytes) / static_cast<double>(each.bytes));
    inherited_us = std::max(inherited_us, now_us * static_cast<float>(part));
  }
  // A result goes on where its operands left off.
  if (asked.writes.credit_us != nullptr) asked.writes.credit_us->store(inherited_us, std::memory_order_relaxed);
  return inherited_us;
}

// ---- learning

planner::lesson planner::lesson_of(const planned_task& what, int place) const noexcept {
  const planned_task::at_place& here = what.places_[static_cast<std::size_t>(place)];
  return {here.learned, here.work_us};
}

void planner::learn(const lesson& from, double measured_us) noexcept {
  if (!state_->learns.load(std::memory_order_relaxed) || from.learned == nullptr || from.work_us <= 0) return;
  // Either is enough, lest only those measurements count that took longer than predicted.
  if (std::max(measured_us, from.work_us * from.learned->factor()) < shortest_lesson_us) return;
  from.learned->learn(measured_us / from.work_us, most_of_work);
}

void planner::learn_copy(int place, direction to, memory_kind kind, std::int64_t bytes, double measured_us) noexcept {
  if (!state_->learns.load(std::memory_order_relaxed)) return;
  if (measured_us < shortest_lesson_us || place <= 0 || place >= place_count()) return;
  const double predicted_us = copy_time_us(state_->link(place, to, kind), bytes);
  if (predicted_us <= 0) return;
  state_->links[static_cast<std::size_t>(place)][static_cast<std::size_t>(to)][static_cast<std::size_t>(kind)].learn(
      measured_us / predicted_us, most_of_link);
}

}  // namespace tandem::plan
