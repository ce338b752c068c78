#pragma once

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>

#include "support/sanitized.h"

// Children of fork() that use tandem.
namespace tandem::testing {

/// What a child tells by its exit status; 0 is right.
enum child_status { child_is_right = 0, child_is_wrong = 1, child_threw = 2 };

/// How long a child may take, from when it begins to its end, without the time in which others had its cores: on a
/// crowded machine that is no fault of the child's. One that sleeps for ever or turns in a circle waits for no core.
/// Sanitizers take their time.
inline constexpr std::chrono::milliseconds child_limit{is_sanitized ? 5000 : 1000};

/// How long the threads of a process have been ready to run and had no core, together; 0 if the system does not say.
inline std::chrono::nanoseconds time_without_core(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process) + "/task";
  std::int64_t sum_ns = 0;
  DIR* const tasks = opendir(folder.c_str());
  if (tasks == nullptr) return {};
  while (const dirent* const each = readdir(tasks)) {
    std::ifstream file(folder + "/" + each->d_name + "/schedstat");
    std::int64_t run_ns = 0;
    std::int64_t wait_ns = 0;
    if (file >> run_ns >> wait_ns) sum_ns += wait_ns;
  }
  closedir(tasks);
  return std::chrono::nanoseconds(sum_ns);
}

/// Calls `work()`, which says whether its results are right, in a child of the calling thread, and waits for its end.
/// Empty if it was right and in time, else what went wrong. A child that takes too long is killed.
///
/// May be called in a child, too, and by several threads at a time.
template <class Work>
std::string in_child(Work&& work) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return "no child";
  }
  if (child == 0) {
    close(ends[0]);
    int status = child_threw;
    if (write(ends[1], "b", 1) == 1) {
      try {
        status = work() ? child_is_right : child_is_wrong;
      } catch (...) {
      }
    }
    _exit(status);  // no destructors, no output of the parent's
  }
  close(ends[1]);
  std::string wrong;
  char letter = 0;
  const ssize_t begun = read(ends[0], &letter, 1);
  close(ends[0]);
  // A pipe would not do to wait for the end: children that other threads make meanwhile have it, too.
  const int file = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  if (begun != 1 || file < 0) {
    wrong = "it did not begin";
    kill(child, SIGKILL);
  } else {
    pollfd waiting{file, POLLIN, 0};
    const auto begin = std::chrono::steady_clock::now();
    while (true) {
      const auto taken = std::chrono::steady_clock::now() - begin;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(child_limit + time_without_core(child) - taken);
      const int ready = poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
      if (ready > 0) break;
      if (ready < 0 && errno == EINTR) continue;
      if (left.count() > 0) continue;  // it may have waited for a core meanwhile
      wrong = "it took more than " + std::to_string(child_limit.count()) + " ms";
      kill(child, SIGKILL);
      break;
    }
  }
  if (file >= 0) close(file);
  int status = 0;
  while (waitpid(child, &status, 0) != child) {
    if (errno != EINTR) return "it is lost";
  }
  if (!wrong.empty()) return wrong;
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status)) + " ended it";
  if (WEXITSTATUS(status) == child_is_wrong) return "it had wrong results";
  if (WEXITSTATUS(status) != child_is_right) return "it ended with status " + std::to_string(WEXITSTATUS(status));
  return "";
}

}  // namespace tandem::testing
