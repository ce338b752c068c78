#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include <tandem/device.h>

#include "exec/planning.h"
#include "memory/storage.h"
#include "ops/node.h"
#include "plan/events.h"
#include "plan/planner.h"

// Tells those who follow the application, a decision log and what-if accounts, what is decided and done. Costs a look
// at a flag while nobody follows.
namespace tandem::exec {

struct bound_program;

inline std::atomic<bool> somebody_watches{false};
inline bool is_watched() noexcept { return somebody_watches.load(std::memory_order_relaxed); }

/// Begins what TANDEM_DECISIONS and TANDEM_WHATIF ask for, at the first call in a process.
/// Throws: `io_error` for a file that cannot be written, `argument_error` and `device_error` for what they name. Later
/// calls do not.
void begin_watching();
inline std::atomic<bool> was_begun{false};
inline void watch_if_asked() {
  if (!was_begun.load(std::memory_order_relaxed)) begin_watching();
}

/// As the public `set_decision_log`.
void log_decisions(const std::string& path);

/// `whom` follows from now on what the process does, beside a log and accounts and in place of the observer before;
/// null for nobody. One that throws is told nothing more. It lives until it is replaced.
/// Thread safety: any thread. Throws: as `begin_watching`, `std::bad_alloc`.
void set_observer(plan::observer* whom);

/// While one lives, the thread's evaluations are of that place in the application's code, unless it has no file. Of
/// several, the outermost one counts.
class call_site {
 public:
  explicit call_site(const std::source_location& where) noexcept {
    if (is_watched() || !was_begun.load(std::memory_order_relaxed)) enter(where);
  }
  ~call_site() {
    if (is_outermost_) leave();
  }
  call_site(const call_site&) = delete;
  call_site& operator=(const call_site&) = delete;

 private:
  void enter(const std::source_location& where) noexcept;
  static void leave() noexcept;

  bool is_outermost_ = false;
};

/// What the planner was asked, until the program runs.
struct watched_decision {
  plan::asking asked = plan::asking::nothing;
  std::vector<detail::storage*> storages;
  std::vector<plan::operand_state> reads;
  std::vector<std::int16_t> operands;
  plan::operand_state writes;
  bool writes_all = true;
  /// The result is an array of its own.
  bool is_new = false;
  int worker_limit = 1;
  plan::place_set allowed = plan::all_places;
  std::array<std::int64_t, plan::most_places> free_bytes{};
  std::array<double, plan::most_places> cold_us{};
  /// Given when it is told of.
  std::uint64_t number = 0;
};

/// Remembers what was decided, with the question or, for a program that was decided on with another one, without. To be
/// called at once after that, while `is_watched()`. `target` is null for a new result.
void note_decision(bound_program& of, const ops::node& root, const detail::storage* target, bool writes_all,
                   const plan::question* question, plan::asking asked);

/// The program runs now and writes to `output`; or it does not, and another one will.
void tell_running(const bound_program& what, const detail::storage& output);
void tell_not_running(const bound_program& what);
/// It has failed; or it has run, or been given to the device.
void tell_failure(const bound_program& what) noexcept;
void tell_end(const bound_program& what, detail::storage& output) noexcept;

/// The work of an evaluation took so long; a copy did.
void tell_outcome(std::uint64_t number, double us) noexcept;
void tell_copy(int place, bool to_device, bool is_pinned, std::int64_t bytes, double us) noexcept;

}  // namespace tandem::exec
