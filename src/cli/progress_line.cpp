#include "cli/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace tandem::cli {

progress_line::progress_line(const progress& work) : work_(work) {
  if (isatty(STDERR_FILENO) == 1) thread_ = std::thread([this] { run(); });
}

progress_line::~progress_line() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void progress_line::run() {
  using namespace std::chrono_literals;
  std::unique_lock lock(mutex_);
  const auto finished = [this] { return finished_; };
  std::size_t widest = 0;
  for (auto next = start_ + 500ms; !changed_.wait_until(lock, next, finished); next += 100ms) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
    std::string line = progress_text(work_.done(), work_.total(), elapsed.count());
    widest = std::max(widest, line.size());
    line.resize(widest, ' ');
    std::fprintf(stderr, "\r%s", line.c_str());
    std::fflush(stderr);
  }
  if (widest > 0) {
    std::fprintf(stderr, "\r%*s\r", static_cast<int>(widest), "");
    std::fflush(stderr);
  }
}

std::string progress_text(std::int64_t done, std::int64_t total, double seconds) {
  if (total <= 0) return fmt::format("  {:.1f} s", seconds);
  const double share = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
  return fmt::format(" {:3.0f} %  {:.1f} s", 100 * share, seconds);
}

}  // namespace tandem::cli
