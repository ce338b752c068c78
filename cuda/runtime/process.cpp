#include "cuda/runtime/process.h"

#include <array>
#include <atomic>
#include <cstdlib>

namespace tandem::cuda {

namespace {

// Constant initialization and no destructor: valid before and after all static objects.
constinit backend::module_services given{};
constinit std::uint64_t generation = 0;
constinit std::atomic<bool> exiting{false};
constinit std::array<std::atomic<void (*)() noexcept>, 4> stops{};
constinit std::atomic<std::size_t> stop_count{0};

void begin_exit() {
  // A child must not wait for threads that only its parent has.
  const bool is_child = is_forked_child();
  if (exiting.exchange(true, std::memory_order_acq_rel) || is_child) return;
  for (const auto& each : stops) {
    if (void (*const stop)() noexcept = each.load(std::memory_order_acquire)) stop();
  }
}

}  // namespace

void open_process(const backend::module_services& services) noexcept {
  given = services;
  generation = given.fork_generation();
  // Static objects that were made before, the library's among them, are destroyed after this has run.
  std::atexit(begin_exit);
}

void end_before_others() noexcept { std::atexit(begin_exit); }

const backend::module_services& services() noexcept { return given; }

bool is_exiting() noexcept { return exiting.load(std::memory_order_acquire); }

bool is_forked_child() noexcept { return given.fork_generation() != generation; }

void at_exit(void (*stop)() noexcept) noexcept {
  const std::size_t place = stop_count.fetch_add(1, std::memory_order_acq_rel);
  if (place < stops.size()) stops[place].store(stop, std::memory_order_release);
}

}  // namespace tandem::cuda
