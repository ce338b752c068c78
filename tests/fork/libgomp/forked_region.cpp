#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

#include "runtime/system.h"
#include "runtime/workers.h"

// A parallel region in a process, then one in its child: what an OpenMP runtime must survive for the library to work in
// forked children. Prints the runtime and "right", "wrong" or "hung": the child had no result after a second.
namespace {

bool runs_in_two_parts() {
  std::atomic<int> parts{0};
  tandem::runtime::run_in_parts(2, [&](int, int) { ++parts; });
  return parts == 2;
}

}  // namespace

int main() {
  if (!runs_in_two_parts()) {
    std::puts("wrong in the parent");
    return 1;
  }
  const pid_t child = fork();
  if (child == 0) _exit(runs_in_two_parts() ? 0 : 1);
  const char* outcome = "hung";
  for (int i = 0; i < 100; ++i) {
    int status = 0;
    if (waitpid(child, &status, WNOHANG) == child) {
      outcome = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "right" : "wrong";
      break;
    }
    constexpr timespec pause{0, 10'000'000};
    nanosleep(&pause, nullptr);
  }
  if (*outcome == 'h') {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  std::printf("%s: %s\n", tandem::runtime::openmp_file().c_str(), outcome);
}
