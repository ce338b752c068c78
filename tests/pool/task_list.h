#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "support/threads.h"

// What the system says of the process's threads.
namespace tandem::testing {

/// Whether a thread of this process runs or waits for a core, by its state in /proc.
inline bool is_runnable(const char* task) {
  const std::string path = std::string("/proc/self/task/") + task + "/stat";
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;  // it has ended
  char text[512];
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return false;
  text[size] = '\0';
  // "12 (a name) R ...": the name may contain brackets.
  const char* const end_of_name = std::strrchr(text, ')');
  return end_of_name != nullptr && end_of_name[1] == ' ' && end_of_name[2] == 'R';
}

/// The process's runnable threads, without the calling one.
inline int other_runnable_threads() {
  DIR* const tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return -1;
  const std::string me = std::to_string(gettid());
  int count = 0;
  while (const dirent* const each = readdir(tasks)) {
    if (each->d_name[0] != '.' && me != each->d_name && is_runnable(each->d_name)) ++count;
  }
  closedir(tasks);
  return count;
}

/// Waits until the other threads sleep: those of an earlier test's regions look for work for another 200 ms. Whether
/// they do.
inline bool wait_until_others_sleep() {
  for (int i = 0; i < 1000; ++i) {
    if (other_runnable_threads() == 0) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// How many samples found more runnable threads than there may be, of how many, and the most that one found.
struct thread_samples {
  int over = 0;
  int all = 0;
  int most = 0;

  double share_over() const { return all == 0 ? 1 : static_cast<double>(over) / all; }
};

/// Counts runnable threads in a thread of its own, over and over, while it lives.
class thread_watch {
 public:
  thread_watch() : watcher_([this] { watch(); }) {
    while (!begun_) std::this_thread::yield();
  }
  ~thread_watch() {
    ended_ = true;
    watcher_.join();
  }
  thread_watch(const thread_watch&) = delete;
  thread_watch& operator=(const thread_watch&) = delete;

  /// What is seen while `work` runs, of which `allowed` threads may be runnable at a time.
  template <class Work>
  thread_samples during(int allowed, Work&& work) {
    samples_ = {};
    allowed_ = allowed;
    work();
    allowed_ = 0;
    while (busy_) std::this_thread::yield();
    return samples_;
  }

 private:
  void watch() {
    begun_ = true;
    while (!ended_) {
      busy_ = true;
      const int allowed = allowed_;
      if (allowed > 0) {
        const int seen = other_runnable_threads();
        // Something may have ended in between: what is counted then may be the work that follows.
        if (allowed_ == allowed) {
          ++samples_.all;
          samples_.most = std::max(samples_.most, seen);
          if (seen > allowed) ++samples_.over;
        }
      }
      busy_ = false;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }

  std::atomic<int> allowed_{0};
  std::atomic<bool> begun_{false};
  std::atomic<bool> ended_{false};
  std::atomic<bool> busy_{false};
  thread_samples samples_;
  std::thread watcher_;
};

}  // namespace tandem::testing
