#include "exec/watching.h"

#include <fmt/format.h>
#include <tandem/whatif.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include <tandem/decisions.h>
#include <tandem/errors.h>

#include "exec/run.h"
#include "exec/version.h"
#include "exec/whatif_machine.h"
#include "memory/watcher.h"
#include "plan/decision_log.h"
#include "plan/whatif.h"
#include "runtime/fork.h"

namespace tandem::exec {

namespace {

constexpr const char* log_variable = "TANDEM_DECISIONS";
constexpr const char* whatif_variable = "TANDEM_WHATIF";
constexpr const char* output_variable = "TANDEM_WHATIF_OUTPUT";

const char* variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr || *value == '\0' ? nullptr : value;
}

// Where the calling thread is in the application's code; no file if it is not known.
struct place_in_code {
  const char* file = nullptr;
  std::uint32_t line = 0;
};
thread_local constinit place_in_code current;

std::string site_text() {
  if (current.file == nullptr) return {};
  const std::string_view file = current.file;
  const std::size_t slash = file.rfind('/');
  return fmt::format("{}:{}", slash == std::string_view::npos ? file : file.substr(slash + 1), current.line);
}

// Those who follow, and the order in which they are told. Of a process: a child that was forked has a copy whose lock
// may be held by nobody, and whose log's file is its parent's, so that nothing here works there.
class hub final : public memory::storage_watcher {
 public:
  bool is_of_this_process() const noexcept { return runtime::fork_generation() == generation_; }

  /// Null for none. Returns the one before.
  std::unique_ptr<plan::decision_log> set_log(std::unique_ptr<plan::decision_log> log) {
    const std::lock_guard lock(guard_);
    std::swap(log, log_);
    if (log_ != nullptr) tell_known_devices(*log_);
    update();
    return log;
  }
  void set_observer(plan::observer* whom) {
    const std::lock_guard lock(guard_);
    observer_ = whom;
    if (observer_ != nullptr) tell_known_devices(*observer_);
    update();
  }
  void set_whatif(std::unique_ptr<plan::whatif_accounts> accounts) {
    const std::lock_guard lock(guard_);
    whatif_ = std::move(accounts);
    update();
  }
  /// Ends everything, with what the accounts say.
  std::optional<whatif_report> end() noexcept {
    std::optional<whatif_report> report;
    const std::lock_guard lock(guard_);
    try {
      if (whatif_ != nullptr) report = whatif_->report();
    } catch (...) {  // no memory for it: whoever is at the end has other worries
    }
    log_.reset();
    whatif_.reset();
    observer_ = nullptr;
    update();
    return report;
  }

  template <class Tell>
  void tell(Tell&& tell_one) noexcept {
    if (!is_of_this_process()) return;
    const std::lock_guard lock(guard_);
    tell_locked(tell_one);
  }

  std::uint64_t evaluation(plan::evaluation what) noexcept {
    if (!is_of_this_process()) return 0;
    const std::lock_guard lock(guard_);
    what.number = ++last_number_;
    tell_locked([&](plan::observer& each) { each.on_evaluation(what); });
    return what.number;
  }
  /// Devices that the planner has met since.
  void tell_devices() noexcept {
    if (!is_of_this_process()) return;
    const std::lock_guard lock(guard_);
    while (told_places_ + 1 < planner_.place_count()) {
      ++told_places_;
      tell_locked([&](plan::observer& each) { each.on_device(device_at(told_places_)); });
    }
  }

  void on_host_read(std::uint64_t id) noexcept override {
    tell([&](plan::observer& each) { each.on_host_read(id); });
  }
  void on_host_write(std::uint64_t id) noexcept override {
    tell([&](plan::observer& each) { each.on_host_write(id); });
  }
  void on_free(std::uint64_t id) noexcept override {
    tell([&](plan::observer& each) { each.on_free(id); });
  }

 private:
  plan::named_device_profile device_at(int place) const {
    return {std::string(planner_.name_of(place)), {}, planner_.constants_at(place)};
  }
  void tell_known_devices(plan::observer& whom) const {
    for (int place = 1; place <= told_places_; ++place) whom.on_device(device_at(place));
  }
  // An application goes on, whatever happens to those who follow it.
  template <class Tell>
  void tell_locked(Tell&& tell_one) noexcept {
    try {
      if (log_ != nullptr) tell_one(*log_);
      if (whatif_ != nullptr) tell_one(*whatif_);
      if (observer_ != nullptr) tell_one(*observer_);
    } catch (...) {
      log_.reset();
      whatif_.reset();
      observer_ = nullptr;
      update();
    }
  }
  void update() noexcept {
    const bool any = log_ != nullptr || whatif_ != nullptr || observer_ != nullptr;
    memory::watcher.store(any ? this : nullptr, std::memory_order_release);
    somebody_watches.store(any, std::memory_order_release);
  }

  // Not a fork_safe_mutex: it is held while files are written and memory is allocated, and no child uses it.
  std::mutex guard_;
  unsigned generation_ = runtime::fork_generation();
  const plan::planner& planner_ = planner_of_process();
  std::unique_ptr<plan::decision_log> log_;
  std::unique_ptr<plan::whatif_accounts> whatif_;
  plan::observer* observer_ = nullptr;
  std::uint64_t last_number_ = 0;
  int told_places_ = 0;
};

constinit std::atomic<hub*> the_hub{nullptr};
runtime::fork_safe_mutex beginning;
std::string* whatif_path = nullptr;

void end_of_process() {
  hub* const all = the_hub.load();
  if (all == nullptr || !all->is_of_this_process()) return;
  const std::optional<whatif_report> report = all->end();
  if (!report) return;
  try {
    if (whatif_path != nullptr) {
      save(*report, *whatif_path);
    } else {
      const std::string text = to_string(*report);
      std::fwrite(text.data(), 1, text.size(), stderr);
    }
  } catch (const std::exception& failure) {
    // Nobody is left to throw it to, and who asked for a report must know why there is none.
    std::fprintf(stderr, "tandem: %s: %s\n", whatif_variable, failure.what());
  }
}

// The hub of this process. It is never destroyed: storages that are static objects may outlive everything else.
hub& get_hub() {
  planner_of_process();  // not with the lock
  const std::lock_guard lock(beginning);
  hub* known = the_hub.load();
  if (known == nullptr || !known->is_of_this_process()) {
    const bool is_first = known == nullptr;
    known = new hub;
    the_hub.store(known);
    if (is_first) std::atexit(end_of_process);
  }
  return *known;
}

std::unique_ptr<plan::decision_log> new_log(const std::string& path, bool is_from_start) {
  const plan::planner& planner = planner_of_process();
  plan::log_header header{std::string(library_version()), planner.settings(), is_from_start && !begins_with_lessons(),
                          planner.constants()};
  return std::make_unique<plan::decision_log>(path, header);
}

// What TANDEM_WHATIF_OUTPUT says, wherever the application will be when it ends; "" for standard error.
std::string whatif_output() {
  namespace fs = std::filesystem;
  const char* const wish = variable(output_variable);
  if (wish == nullptr) return {};
  const std::string name = wish;
  plan::report_maker_for(name, output_variable);
  // At the end, it would be too late to say so.
  std::error_code ignored;
  const fs::path path = fs::absolute(name, ignored);
  if (fs::is_directory(path, ignored) || !fs::is_directory(path.parent_path(), ignored)) {
    throw io_error(fmt::format("{}: cannot write '{}': {}", output_variable, name,
                               fs::is_directory(path, ignored) ? "it is a folder" : "there is no such folder"));
  }
  return path.string();
}

std::unique_ptr<plan::whatif_accounts> new_accounts(const char* wish) {
  try {
    return std::make_unique<plan::whatif_accounts>(
        whatif_machine_with(device::named(wish), planner_of_process().constants()));
  } catch (const argument_error& why) {
    throw argument_error(fmt::format("{}={}: {}", whatif_variable, wish, why.what()));
  } catch (const device_error& why) {
    throw device_error(fmt::format("{}={}: {}", whatif_variable, wish, why.what()));
  }
}

// Nothing begins if anything is wrong.
void begin_what_variables_say() {
  std::unique_ptr<plan::whatif_accounts> accounts;
  std::string output;
  std::unique_ptr<plan::decision_log> log;
  if (const char* const wish = variable(whatif_variable)) {
    output = whatif_output();
    accounts = new_accounts(wish);
  }
  if (const char* const path = variable(log_variable)) log = new_log(path, true);
  if (accounts != nullptr) {
    if (!output.empty()) whatif_path = new std::string(std::move(output));
    get_hub().set_whatif(std::move(accounts));
  }
  if (log != nullptr) {
    get_hub().set_log(std::move(log));
    get_hub().tell_devices();
  }
}

}  // namespace

void begin_watching() {
  if (was_begun.exchange(true)) return;
  try {
    begin_what_variables_say();
  } catch (...) {  // the next evaluation says it again: an application may go on after an error
    was_begun = false;
    throw;
  }
}

void log_decisions(const std::string& path) {
  const bool is_from_start = !was_begun.load();
  begin_watching();
  std::unique_ptr<plan::decision_log> log = path.empty() ? nullptr : new_log(path, is_from_start);
  const std::unique_ptr<plan::decision_log> before = get_hub().set_log(std::move(log));
  get_hub().tell_devices();
  if (before != nullptr) before->close();
}

void set_observer(plan::observer* whom) {
  begin_watching();
  get_hub().set_observer(whom);
}

void call_site::enter(const std::source_location& where) noexcept {
  if (current.file != nullptr || *where.file_name() == '\0') return;
  current = {where.file_name(), where.line()};
  is_outermost_ = true;
}

void call_site::leave() noexcept { current = {}; }

// ---- telling

namespace {

void tell_evaluation(const bound_program& of, const plan::operand_state& writes, bool runs) {
  hub* const all = the_hub.load(std::memory_order_acquire);
  if (all == nullptr) return;
  all->tell_devices();
  watched_decision& noted = *of.watched;
  const watched_label& label = *of.planned->label();
  const auto places = static_cast<std::size_t>(planner_of_process().place_count());
  const std::string site = site_text();
  noted.number = all->evaluation({0,
                                  label.definition,
                                  of.planned->task().structure(),
                                  label.planned,
                                  of.planned->task().what(),
                                  label.name,
                                  label.text,
                                  site,
                                  noted.reads,
                                  noted.operands,
                                  writes,
                                  noted.writes_all,
                                  noted.is_new,
                                  noted.worker_limit,
                                  noted.allowed,
                                  std::span(noted.free_bytes).first(places),
                                  std::span(noted.cold_us).first(places),
                                  noted.asked,
                                  runs,
                                  of.decided.place,
                                  of.decided.workers,
                                  of.decided.why,
                                  of.decided.predicted_us,
                                  of.decided.predicted_work_us,
                                  &of.program()});
}

}  // namespace

void tell_running(const bound_program& what, const detail::storage& output) {
  plan::operand_state writes = what.watched->writes;
  if (writes.id == 0) {
    writes.id = output.id();
    if (what.watched->asked != plan::asking::everything) writes.bytes = output.size_bytes();
  }
  tell_evaluation(what, writes, true);
}

void tell_not_running(const bound_program& what) { tell_evaluation(what, what.watched->writes, false); }

void tell_failure(const bound_program& what) noexcept {
  hub* const all = the_hub.load(std::memory_order_acquire);
  if (all != nullptr) all->tell([&](plan::observer& each) { each.on_failure(what.watched->number); });
}

void tell_end(const bound_program& what, detail::storage& output) noexcept {
  for (detail::storage* each : what.watched->storages) each->watch(false);
  output.watch(true);
}

void tell_outcome(std::uint64_t number, double us) noexcept {
  hub* const all = the_hub.load(std::memory_order_acquire);
  if (all != nullptr && number != 0) all->tell([&](plan::observer& each) { each.on_outcome(number, us); });
}

void tell_copy(int place, bool to_device, bool is_pinned, std::int64_t bytes, double us) noexcept {
  hub* const all = the_hub.load(std::memory_order_acquire);
  if (all == nullptr) return;
  all->tell([&](plan::observer& each) { each.on_copy(place, to_device, is_pinned, bytes, us); });
}

}  // namespace tandem::exec

namespace tandem {

void set_decision_log(const std::string& path) { exec::log_decisions(path); }

}  // namespace tandem
