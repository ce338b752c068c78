#pragma once

#include <cstdint>

#include <tandem/policy.h>

#include "core/function_ref.h"
#include "runtime/cores.h"

// The library's use of the process's one OpenMP pool. Nothing here changes a setting of the process, or one of the
// calling thread for longer than a call.
namespace tandem::runtime {

/// The number of workers that an evaluation of the calling thread may have at work: what the policy asks for, or the
/// permitted cores, which the system is asked for; inside parallel work at most the thread's share. At least 1.
int workers_of(const resolved_policy& rules) noexcept;

/// The cores that the calling thread may count on: the permitted ones, or its share of them. At least 1.
int cores_of_this_thread() noexcept;

/// Calls `work(part, parts)` for each part of 0 to parts - 1, each by a worker of its own, and waits. There are as many
/// parts as workers were asked for, or fewer: while other threads of the application evaluate, no more than an equal
/// part of the permitted cores and what the others have left of them, and always at least one; so they do not crowd
/// each other out. Threads that evaluated at the same time less than a millisecond ago count, too. The calling thread
/// does part 0. Of several exceptions the one of the first part is passed on, after all parts have ended.
void run_in_parts(int workers, core::function_ref<void(int, int)> work);

/// Calls `work(begin, end, worker)` for contiguous parts of [0, items), one part a worker, and waits; otherwise as
/// `run_in_parts`. Workers are numbered from 0 below `workers`; a part may be empty and is then not called.
void parallel_for(std::int64_t items, int workers, core::function_ref<void(std::int64_t, std::int64_t, int)> work);

/// While it lives, libraries that ask OpenMP for its thread count (OpenBLAS) get `workers` in the calling thread. Other
/// threads do not see it. Where two OpenMP runtimes are loaded, that is the one that the dynamic linker gives to a
/// library that does not ask for one by name.
class scoped_thread_count {
 public:
  explicit scoped_thread_count(int workers) noexcept;
  ~scoped_thread_count();
  scoped_thread_count(const scoped_thread_count&) = delete;
  scoped_thread_count& operator=(const scoped_thread_count&) = delete;

 private:
  int before_;
};

/// While it lives, the calling thread is one of `width` that share `workers` workers and run code of the user: what
/// that evaluates has its part of them. `is_hired` for a thread that is not the one that asked for the work: it cannot
/// go on in a forked child even if it is the only one.
class scoped_team_member {
 public:
  scoped_team_member(int workers, int width, bool is_hired) noexcept;
  ~scoped_team_member();
  scoped_team_member(const scoped_team_member&) = delete;
  scoped_team_member& operator=(const scoped_team_member&) = delete;

  /// For when the user's code has returned or thrown. Ends the process by std::terminate, with the error of
  /// `check_not_lost`, if it is a child that this code made by fork: whoever waits for the code is in the parent, and
  /// an exception could go nowhere.
  void end_if_lost() const noexcept;

 private:
  int share_before_;
  int level_before_;
  bool in_team_before_;
  unsigned generation_before_;
};

/// Throws: `policy_error` in a child that was forked inside of `parallel_for` and its kin: the pool's threads are not
/// there, and the work that the child came from cannot end in it.
void check_not_lost();

/// For the handler of fork: in the child no other thread is at work.
void forget_other_threads() noexcept;

}  // namespace tandem::runtime
