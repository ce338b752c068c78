#include "runtime/leases.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

#include "runtime/cores.h"

namespace tandem::runtime {

namespace {

// Threads that evaluations of the process have at work, or are about to.
constinit std::atomic<int> busy{0};

// Which threads of the application evaluate at the same time: all the time, but with short pauses. Without it, of two
// threads on two cores each took both whenever it found the other in a pause, and together they did less than one alone
// (loops over 200,000 float64, AMD Zen 5, 2026-11). Threads that evaluate one after the other, as steps of a pipeline
// do, are none. Threads beyond the table's size share places, which makes fewer of them.
class recent_threads {
 public:
  // The calling thread begins an evaluation, while others do so or not. How many others there are, of those that
  // evaluated in the last moment, if any did so at the same time.
  int begin(bool others_are_at_work) noexcept {
    std::atomic<std::int64_t>& mine = place_of_this_thread();
    mine.store(at_work, std::memory_order_relaxed);
    if (knows_one_thread()) return 0;
    const std::int64_t now = now_ns();
    if (others_are_at_work) {
      last_overlap_.store(now, std::memory_order_relaxed);
    } else if (last_overlap_.load(std::memory_order_relaxed) < now - moment_ns) {
      return 0;
    }
    int count = 0;
    for (const std::atomic<std::int64_t>& each : last_) {
      if (&each != &mine && each.load(std::memory_order_relaxed) > now - moment_ns) ++count;
    }
    return count;
  }

  void end() noexcept { place_of_this_thread().store(knows_one_thread() ? 0 : now_ns(), std::memory_order_relaxed); }

  void forget() noexcept {
    for (std::atomic<std::int64_t>& each : last_) each.store(0, std::memory_order_relaxed);
    last_overlap_.store(0, std::memory_order_relaxed);
  }

 private:
  static constexpr std::int64_t moment_ns = 1'000'000;
  static constexpr std::int64_t at_work = std::numeric_limits<std::int64_t>::max();
  static constexpr unsigned places = 64;

  // As most processes have it; they need no clock.
  bool knows_one_thread() const noexcept { return next_.load(std::memory_order_relaxed) <= 1; }

  static std::int64_t now_ns() noexcept {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
  }

  // A thread that ends leaves nothing there.
  struct place {
    std::atomic<std::int64_t>& last;
    ~place() { last.store(0, std::memory_order_relaxed); }
  };

  std::atomic<std::int64_t>& place_of_this_thread() noexcept {
    static constinit thread_local std::atomic<std::int64_t>* mine = nullptr;
    if (mine == nullptr) {
      mine = &last_[next_.fetch_add(1, std::memory_order_relaxed) % places];
      static thread_local const place until_the_end{*mine};
      static_cast<void>(until_the_end);
    }
    return *mine;
  }

  std::atomic<unsigned> next_{0};
  std::atomic<std::int64_t> last_overlap_{0};
  std::array<std::atomic<std::int64_t>, places> last_{};
};
constinit recent_threads recent;

}  // namespace

core_lease::core_lease(int asked, bool is_counted) noexcept : granted_(asked), is_counted_(is_counted) {
  if (is_counted) {
    counted_ = asked - 1;
    busy.fetch_add(counted_, std::memory_order_relaxed);
    return;
  }
  const int others = busy.fetch_add(asked, std::memory_order_relaxed);
  if (const int threads = recent.begin(others > 0); others > 0 || threads > 0) {
    const int cores = permitted_cores();
    granted_ = std::clamp(std::min(cores - others, cores / (threads + 1)), 1, asked);
    busy.fetch_sub(asked - granted_, std::memory_order_relaxed);
  }
  counted_ = granted_;
}

core_lease::~core_lease() {
  busy.fetch_sub(counted_, std::memory_order_relaxed);
  if (!is_counted_) recent.end();
}

void forget_leases() noexcept {
  busy.store(0, std::memory_order_relaxed);
  recent.forget();
}

}  // namespace tandem::runtime
