#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include <tandem/policy.h>

namespace tandem::cli {

/// Shows on standard error how far an evaluation is, while the object lives: nothing in the first half second, then a
/// line that is written over ten times a second and erased at the end. Nothing at all if standard error is no terminal.
class progress_line {
 public:
  explicit progress_line(const progress& work);
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;
  ~progress_line();

 private:
  void run();

  const progress& work_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable changed_;
  bool finished_ = false;
  std::thread thread_;
};

/// The line for `done` of `total` after `seconds`; without a share as long as no work has been announced.
std::string progress_text(std::int64_t done, std::int64_t total, double seconds);

}  // namespace tandem::cli
