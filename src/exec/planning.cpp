#include "exec/planning.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <string>
#include <string_view>

#include <tandem/errors.h>

#include "exec/devices.h"
#include "exec/learning.h"
#include "exec/watching.h"
#include "memory/copy_listener.h"
#include "plan/priors.h"
#include "plan/profile_file.h"
#include "runtime/fork.h"

namespace tandem::exec {

namespace {

constexpr const char* candidates_variable = "TANDEM_CANDIDATES";

// To open the first GPU takes a driver a few tenths of a second: as much work must have been done without it.
constexpr double opening_us = 250'000;

struct waiting_lesson {
  plan::planner::lesson about;
  std::uint64_t number = 0;
  /// Of a copy; 0 for work.
  int place = 0;
  bool is_pinned = false;
  std::int64_t bytes = 0;
  memory::device_memory* where = nullptr;
  memory::mark_ptr begin;
  memory::mark_ptr end;
  /// Within that, of work: time that does not count.
  std::vector<std::pair<memory::mark_ptr, memory::mark_ptr>> pauses{};
};

struct known_place {
  std::atomic<backend::backend*> runs{nullptr};
  std::atomic<std::int64_t> free_bytes{0};
  std::atomic<int> questions{0};
};

void save_at_exit() noexcept;

// What a process begins with.
struct beginning_of_planner {
  plan::loaded_profile profile = plan::load_profile();
  kept_lessons kept;
  /// Of the host's lessons; none if nobody needs to know.
  plan::validators valid_for;
  const plan::learned_place* of_host = nullptr;

  explicit beginning_of_planner(learning how) {
    if (how != learning::off) kept = load_lessons();
    if (how != learning::save && kept.places.empty()) return;
    valid_for = lessons_of_host_are_for(profile.constants.host);
    of_host = kept.find("cpu", valid_for);
  }
};

class process_planner {
 public:
  explicit process_planner(beginning_of_planner with)
      : loaded(std::move(with.profile)), kept(std::move(with.kept)), planner(loaded.constants) {
    valid_for[plan::host_place] = std::move(with.valid_for);
    if (with.of_host != nullptr) planner.restore(plan::host_place, *with.of_host);
    places[plan::host_place].runs = &backend::cpu();
    memory::copies_to_host = [](memory::device_memory& from, bool is_pinned, std::int64_t bytes, double us) noexcept {
      process_planner& all = get();
      for (int place = 1; place < all.planner.place_count(); ++place) {
        if (&all.places[static_cast<std::size_t>(place)].runs.load()->memory() != &from) continue;
        all.planner.learn_copy(place, plan::direction::to_host,
                               is_pinned ? plan::memory_kind::pinned : plan::memory_kind::pageable, bytes, us);
        if (is_watched()) tell_copy(place, false, is_pinned, bytes, us);
      }
    };
  }

  static process_planner& get() {
    if (process_planner* const* const known = made.known()) [[likely]]
      return **known;
    // Before a fork has to wait: it asks for values that are made once, too. Of two threads, one loads in vain.
    beginning_of_planner with(learning_now());
    process_planner& all = *made.get([&] { return new process_planner(std::move(with)); });
    all.follow(learning_now());  // it may have been set meanwhile
    return all;
  }

  /// Once it is made, and whenever that changes.
  void follow(learning how) {
    planner.set_learning(how != learning::off);
    if (how != learning::save) return;
    // Not with the lock: what is asked keeps forks waiting.
    plan::validators of_host = lessons_of_host_are_for(planner.constants().host);
    const std::lock_guard lock(guard);
    saving_generation = runtime::fork_generation();
    if (valid_for[plan::host_place].empty()) valid_for[plan::host_place] = std::move(of_host);
    if (!std::exchange(is_saved_at_exit, true)) std::atexit([] { save_at_exit(); });
  }
  static inline constinit runtime::made_once<process_planner*> made;

  /// With what the file says of devices, which is of use if they still are what they were.
  plan::loaded_profile loaded;
  kept_lessons kept;
  plan::planner planner;
  /// What lessons are for, by place; the host's are empty if nobody needs to know them.
  std::array<plan::validators, plan::most_places> valid_for;
  bool is_saved_at_exit = false;
  unsigned saving_generation = 0;
  std::array<known_place, plan::most_places> places;
  runtime::fork_safe_mutex guard;
  /// What `set_candidates` or the variable says; before either is read, GPUs are looked for.
  std::atomic<plan::place_set> candidates{plan::set_of(plan::host_place)};
  std::atomic<bool> is_decided{false};
  std::atomic<double> host_us{0};

  runtime::fork_safe_mutex waiting_guard;
  std::deque<waiting_lesson> waiting;
  std::atomic<std::size_t> waiting_count{0};
};

// The planner and its file outlive static objects; whatever happens, the process ends.
void save_at_exit() noexcept {
  process_planner& all = **process_planner::made.known();
  try {
    if (learning_now() != learning::save) return;
    std::vector<plan::learned_place> places;
    {
      const std::lock_guard lock(all.guard);
      if (runtime::fork_generation() != all.saving_generation) return;
      for (int place = 0; place < all.planner.place_count(); ++place) {
        if (all.valid_for[static_cast<std::size_t>(place)].empty()) continue;
        places.push_back(all.planner.learned_at(place));
        places.back().valid_for = all.valid_for[static_cast<std::size_t>(place)];
      }
    }
    save_lessons(std::move(places));
  } catch (const std::exception& failure) {
    // Nobody is left to throw it to, and who asked for the file must know why there is none.
    std::fprintf(stderr, "tandem: TANDEM_LEARNING=save: %s\n", failure.what());
  }
}

std::optional<int> find_place(process_planner& all, const backend::backend& where) noexcept {
  for (int place = 0; place < all.planner.place_count(); ++place) {
    if (all.places[static_cast<std::size_t>(place)].runs.load(std::memory_order_acquire) == &where) return place;
  }
  return std::nullopt;
}

// What a device says of itself.
struct device_facts {
  backend::backend* runs;
  plan::validators machine;
  plan::device_profile prior;
};

// Not with the lock: devices ask drivers, which keeps forks waiting, and take locks of their own.
device_facts facts_of(backend::backend& where) {
  return {&where, plan::find_validators(where), plan::prior_for(where.hints())};
}

// With the lock.
plan::device_profile constants_for(process_planner& all, const device_facts& of) {
  const std::optional<plan::device_profile> measured = plan::constants_of(all.loaded, of.runs->name(), of.machine);
  return measured ? *measured : of.prior;
}

// With the lock, of a device that is none yet, where there is room.
int add_place(process_planner& all, const device_facts& of) {
  const int place = all.planner.place_count();
  const auto at = static_cast<std::size_t>(place);
  std::string name(of.runs->name());
  plan::device_profile constants = constants_for(all, of);
  plan::validators valid_for = lessons_of_device_are_for(of.machine, constants);
  const plan::learned_place* const learned = all.kept.find(name, valid_for);
  if (learned != nullptr) all.planner.restore(place, *learned);
  all.valid_for[at] = std::move(valid_for);
  // Readers look at a place's backend only once the planner counts it.
  all.places[at].runs.store(of.runs, std::memory_order_release);
  return all.planner.add({std::move(name), std::move(constants)});
}

// The places of devices, all or none: nothing if there is no room for those that are new.
std::optional<plan::place_set> find_or_add_places(process_planner& all, std::span<backend::backend* const> devices) {
  std::vector<device_facts> strangers;
  for (backend::backend* each : devices) {
    const bool is_met =
        find_place(all, *each) || std::ranges::find(strangers, each, &device_facts::runs) != strangers.end();
    // Whoever is one too many need not be asked.
    if (!is_met && strangers.size() < plan::most_places) strangers.push_back({each, {}, {}});
  }
  if (all.planner.place_count() + static_cast<int>(strangers.size()) > plan::most_places) return std::nullopt;
  for (device_facts& each : strangers) each = facts_of(*each.runs);
  const std::lock_guard lock(all.guard);
  std::erase_if(strangers, [&](const device_facts& each) { return find_place(all, *each.runs).has_value(); });
  if (all.planner.place_count() + static_cast<int>(strangers.size()) > plan::most_places) return std::nullopt;
  for (const device_facts& each : strangers) add_place(all, each);
  plan::place_set found = 0;
  for (const backend::backend* each : devices) found |= plan::set_of(*find_place(all, *each));
  return found;
}

plan::place_set places_of(process_planner& all, std::span<const device> devices) {
  std::vector<backend::backend*> found;
  for (const device& each : devices) {
    if (each.kind() == device::kind::automatic || each.kind() == device::kind::cpu) {
      throw argument_error(fmt::format("candidate devices: {} is none; the CPU always is a candidate, others are named",
                                       to_string(each)));
    }
    found.push_back(&backend_of(each));
  }
  const std::optional<plan::place_set> places = find_or_add_places(all, found);
  if (!places) {
    throw argument_error(fmt::format(
        "candidate devices: given {}, of which {} are new here; the planner of a process meets {} devices at "
        "most, and this one's has met {}",
        found.size(), std::ranges::count_if(found, [&](const auto* each) { return !find_place(all, *each); }),
        plan::most_places - 1, all.planner.place_count() - 1));
  }
  return *places | plan::set_of(plan::host_place);
}

std::vector<device> devices_of_variable(std::string_view text) {
  std::vector<device> devices;
  if (text == "none") return devices;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    devices.push_back(device::named(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return devices;
}

std::vector<device> all_gpus() {
  std::vector<device> devices;
  for (int i = 0; i < std::min(gpu_count(), plan::most_places - 1); ++i) devices.push_back(device::gpu(i));
  return devices;
}

// A variable that cannot be read is an error of each evaluation that would need it.
void look_for_candidates(process_planner& all) {
  const char* const wish = std::getenv(candidates_variable);
  plan::place_set set = plan::set_of(plan::host_place);
  if (wish == nullptr || *wish == '\0') {
    set = places_of(all, all_gpus());
  } else {
    try {
      set = places_of(all, devices_of_variable(wish));
    } catch (const error& why) {
      throw policy_error(fmt::format("{}={}: {}", candidates_variable, wish, why.what()));
    }
  }
  bool undecided = false;
  if (all.is_decided.compare_exchange_strong(undecided, true)) all.candidates = set;
}

}  // namespace

std::vector<std::string> profile_problems() {
  process_planner* const* const known = process_planner::made.known();
  const auto all_of = [](std::vector<std::string> problems, const std::vector<std::string>& more) {
    problems.insert(problems.end(), more.begin(), more.end());
    return problems;
  };
  if (known == nullptr) {
    try {
      const beginning_of_planner with(learning_now());
      return all_of(with.profile.problems, with.kept.problems);
    } catch (const policy_error& why) {
      return all_of(plan::load_profile().problems, {std::string(why.what()) + "; evaluations are refused"});
    }
  }
  const std::lock_guard lock((*known)->guard);
  return all_of((*known)->loaded.problems, (*known)->kept.problems);
}

bool begins_with_lessons() { return !process_planner::get().kept.places.empty(); }

void follow_learning() {
  if (process_planner* const* const known = process_planner::made.known()) (*known)->follow(learning_now());
}

plan::planner& planner_of_process() { return process_planner::get().planner; }

std::optional<int> place_of(backend::backend& where) {
  process_planner& all = process_planner::get();
  if (const std::optional<int> known = find_place(all, where)) return known;
  backend::backend* const one[] = {&where};
  find_or_add_places(all, one);
  return find_place(all, where);
}

backend::backend& backend_at(int place) noexcept {
  return *process_planner::get().places[static_cast<std::size_t>(place)].runs.load(std::memory_order_acquire);
}

plan::place_set candidates(double expected_us) {
  process_planner& all = process_planner::get();
  if (!all.is_decided.load(std::memory_order_acquire)) {
    // Names in the variable are wanted from the beginning.
    static const bool has_wish = [] {
      const char* const wish = std::getenv(candidates_variable);
      return wish != nullptr && *wish != '\0';
    }();
    const double spent_us = all.host_us.load(std::memory_order_relaxed) + expected_us;
    all.host_us.store(spent_us, std::memory_order_relaxed);
    if (has_wish || spent_us > opening_us) look_for_candidates(all);
  }
  return all.candidates.load(std::memory_order_relaxed);
}

void set_candidates(std::span<const device> devices) {
  process_planner& all = process_planner::get();
  const plan::place_set set = places_of(all, devices);
  all.is_decided = true;
  all.candidates = set;
}

plan::device_profile constants_for(backend::backend& where) {
  process_planner& all = process_planner::get();
  const device_facts of = facts_of(where);
  const std::lock_guard lock(all.guard);
  return constants_for(all, of);
}

std::int64_t free_bytes_at(int place, std::int64_t needed_bytes) {
  // What is allocated between two questions is at most a part of what was free.
  constexpr int most_questions = 16;
  constexpr std::int64_t small_part = 64;
  known_place& there = process_planner::get().places[static_cast<std::size_t>(place)];
  const std::int64_t known = there.free_bytes.load(std::memory_order_relaxed);
  if (needed_bytes < known / small_part && there.questions.fetch_add(1, std::memory_order_relaxed) < most_questions) {
    return known;
  }
  memory::device_memory& memory = there.runs.load(std::memory_order_acquire)->memory();
  const memory::device_memory_information now = memory.information();
  const std::int64_t bytes = now.free_bytes + now.cached_bytes + memory.spare_bytes();
  there.free_bytes.store(bytes, std::memory_order_relaxed);
  there.questions.store(0, std::memory_order_relaxed);
  return bytes;
}

void planned_program::ask_devices(const ops::program& what) {
  for (; asked_ < planner_of_process().place_count(); ++asked_) {
    backend::backend& device = backend_at(asked_);
    if (!device.why_not(what).empty()) continue;
    able_ |= plan::set_of(asked_);
    cold_us_[static_cast<std::size_t>(asked_)] = device.cold_us(what);
  }
}

plan::operand_state state_of(const detail::storage& of) {
  plan::operand_state state;
  state.id = of.id();
  state.bytes = of.size_bytes();
  state.is_pinned = of.is_pinned();
  state.version = of.version();
  state.credit_us = &of.note().credit_us;
  if (of.is_on_host()) state.valid_on = plan::set_of(plan::host_place);
  if (!of.may_be_on_device()) return state;
  for (memory::device_memory* each : of.devices()) {
    if (const std::optional<int> place = place_of(backend_with(*each))) state.valid_on |= plan::set_of(*place);
  }
  return state;
}

void storages_in_question::add(detail::storage& read) {
  for (std::size_t i = 0; i < count_; ++i) {
    if (storages_[i] == &read) return;
  }
  if (count_ < most) storages_[count_++] = &read;
}

plan::question question_about(planned_program& planned, const ops::program& what, storages_in_question& storages,
                              const ndarray* target, const resolved_policy& rules, int worker_limit,
                              plan::place_set others) {
  plan::question question;
  question.worker_limit = worker_limit;
  question.allowed = others | plan::set_of(plan::host_place);
  for (std::size_t i = 0; i < storages.count_; ++i) {
    storages.states_[i] = state_of(*storages.storages_[i]);
    question.allowed |= storages.states_[i].valid_on;
  }
  question.reads = {storages.states_.data(), storages.count_};
  const plan::task& task = planned.task().what();
  if (target != nullptr) {
    question.writes = state_of(*target->storage());
    question.writes_all = target->size_bytes() == target->storage()->size_bytes() && target->is_contiguous();
    question.allowed |= question.writes.valid_on;
  } else {
    question.writes.bytes = task.result_bytes;
  }
  planned.ask_devices(what);
  question.allowed &= planned.able();
  question.cold_us = planned.cold_us();
  std::int64_t needed_bytes = task.temporary_bytes;
  plan::add_bytes(needed_bytes, question.writes.bytes);
  for (const plan::operand_state& each : question.reads) plan::add_bytes(needed_bytes, each.bytes);
  for (int place = 1; place < planner_of_process().place_count(); ++place) {
    if (!plan::contains(question.allowed, place)) continue;
    try {
      question.free_bytes[static_cast<std::size_t>(place)] =
          std::min(free_bytes_at(place, needed_bytes), rules.device_memory_bytes.value);
    } catch (const device_error&) {  // it has failed, and is no place to choose
      question.allowed &= ~plan::set_of(place);
    }
  }
  if (rules.transfers.value == transfers::forbidden) {
    plan::place_set having_all = question.allowed;
    for (const plan::operand_state& each : question.reads)
      having_all &= each.valid_on == 0 ? having_all : each.valid_on;
    if (having_all != 0) question.allowed = having_all;  // else the evaluation says what is missing
  }
  return question;
}

// ---- lessons

namespace {

void put(waiting_lesson what) {
  // Where marks are not reached for long, older ones say as much as newer ones.
  constexpr std::size_t most = 64;
  process_planner& all = process_planner::get();
  const std::lock_guard lock(all.waiting_guard);
  if (all.waiting.size() == most) all.waiting.pop_front();
  all.waiting.push_back(std::move(what));
  all.waiting_count.store(all.waiting.size(), std::memory_order_relaxed);
}

}  // namespace

void lessons::add_work(const plan::planner::lesson& about, std::uint64_t number, memory::device_memory& where,
                       memory::mark_ptr begin, memory::mark_ptr end,
                       std::vector<std::pair<memory::mark_ptr, memory::mark_ptr>> pauses) {
  put({about, number, 0, false, 0, &where, std::move(begin), std::move(end), std::move(pauses)});
}

void lessons::add_copy(int place, bool is_pinned, std::int64_t bytes, memory::device_memory& where,
                       memory::mark_ptr begin, memory::mark_ptr end) {
  put({{}, 0, place, is_pinned, bytes, &where, std::move(begin), std::move(end)});
}

void lessons::learn() noexcept {
  process_planner& all = process_planner::get();
  if (all.waiting_count.load(std::memory_order_relaxed) == 0) return;
  const std::lock_guard lock(all.waiting_guard);
  std::erase_if(all.waiting, [&](const waiting_lesson& each) {
    std::optional<double> us = each.where->passed_us(*each.begin, *each.end);
    if (!us) return false;
    for (const auto& [begin, end] : each.pauses) *us -= each.where->passed_us(*begin, *end).value_or(0);
    if (each.place == 0) {
      all.planner.learn(each.about, *us);
      if (each.number != 0) tell_outcome(each.number, *us);
    } else {
      all.planner.learn_copy(each.place, plan::direction::to_device,
                             each.is_pinned ? plan::memory_kind::pinned : plan::memory_kind::pageable, each.bytes, *us);
      if (is_watched()) tell_copy(each.place, true, each.is_pinned, each.bytes, *us);
    }
    return true;
  });
  all.waiting_count.store(all.waiting.size(), std::memory_order_relaxed);
}

}  // namespace tandem::exec

namespace tandem {

void set_learning(learning how) {
  exec::remember_learning(how);
  exec::follow_learning();
}

learning current_learning() { return exec::learning_now(); }

}  // namespace tandem
