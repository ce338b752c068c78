#include <tandem/imap.h>

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <tandem/errors.h>

#include "exec/report.h"
#include "runtime/fork.h"
#include "runtime/policy.h"
#include "runtime/workers.h"

namespace tandem::detail {

struct imap_engine::state {
  std::int64_t items = 0;
  std::int64_t chunk = 1;
  std::int64_t window = 1;
  bool ordered = true;
  int workers = 1;
  runtime::inherited_policy inherited;
  std::function<void(std::int64_t, std::int64_t)> compute;
  unsigned generation = runtime::fork_generation();
  std::thread driver;

  std::mutex guard;
  std::condition_variable for_reader;
  std::condition_variable for_workers;
  // All below is guarded.
  bool is_stopping = false;
  bool is_requested_to_stop = false;
  std::int64_t next_item = 0;
  std::int64_t read = 0;
  /// Items whose result is there, by place if ordered; in the order in which they became ready otherwise.
  std::vector<bool> is_ready;
  std::deque<ready> finished;
  std::vector<std::int64_t> free_places;
  /// The place that the reader has, or -1.
  std::int64_t in_reading = -1;
  std::exception_ptr thrown;
  std::int64_t thrown_at = 0;
  /// Registered last, because it uses the others.
  std::optional<std::stop_callback<std::function<void()>>> on_request;

  void work();
  std::int64_t place_of(std::int64_t item, std::unique_lock<std::mutex>& lock);
  void publish(std::int64_t item, std::int64_t place);
  void fail(std::int64_t item, std::exception_ptr why);
  std::optional<ready> take(std::unique_lock<std::mutex>& lock);
  bool is_child() const noexcept { return generation != runtime::fork_generation(); }
};

// A place for an item's result, or -1 if the work is to end. Ordered: item i has place i modulo the window, once the
// reader is done with the item that had it before; so the item that the reader waits for always has one.
std::int64_t imap_engine::state::place_of(std::int64_t item, std::unique_lock<std::mutex>& lock) {
  const auto may_go_on = [&] { return is_stopping || (ordered ? item < read + window : !free_places.empty()); };
  for_workers.wait(lock, may_go_on);
  if (is_stopping) return -1;
  if (ordered) return item % window;
  const std::int64_t place = free_places.back();
  free_places.pop_back();
  return place;
}

void imap_engine::state::publish(std::int64_t item, std::int64_t place) {
  const std::lock_guard lock(guard);
  if (ordered) {
    is_ready[static_cast<std::size_t>(place)] = true;
  } else {
    finished.push_back({item, place});
  }
  for_reader.notify_one();
}

// Work on items before this one goes on if they have begun, because their results come first.
void imap_engine::state::fail(std::int64_t item, std::exception_ptr why) {
  const std::lock_guard lock(guard);
  if (!thrown || item < thrown_at) {
    thrown = std::move(why);
    thrown_at = item;
  }
  next_item = items;
  for_reader.notify_one();
}

void imap_engine::state::work() {
  runtime::run_in_parts(workers, [&](int, int parts) {
    const runtime::scoped_team_member member(workers, parts, true);
    const runtime::scoped_inheritance policy(inherited);
    std::unique_lock lock(guard);
    while (!is_stopping && next_item < items) {
      const std::int64_t begin = next_item;
      const std::int64_t end = begin + std::min(chunk, items - begin);
      next_item = end;
      for (std::int64_t item = begin; item < end; ++item) {
        if (thrown && item > thrown_at) break;
        const std::int64_t place = place_of(item, lock);
        if (place < 0) return;
        lock.unlock();
        try {
          compute(item, place);
          member.end_if_lost();
          publish(item, place);
        } catch (...) {
          member.end_if_lost();
          fail(item, std::current_exception());
        }
        lock.lock();
      }
    }
  });
}

imap_engine::imap_engine(std::int64_t items, const imap_options& options,
                         std::function<void(std::int64_t, std::int64_t)> compute) {
  if (options.chunk < 0) {
    throw argument_error(fmt::format("parallel_imap: chunk is {}; expected 0 or more", options.chunk));
  }
  exec::print_info_if_asked();
  runtime::check_not_lost();
  const int workers = runtime::workers_of(runtime::resolve(options.rules));
  const std::int64_t chunk = std::max<std::int64_t>(options.chunk, 1);
  if (options.window != 0 && options.window < chunk) {
    throw argument_error(
        fmt::format("parallel_imap: a window of {} is less than the chunk of {}", options.window, chunk));
  }
  const std::int64_t most = std::max<std::int64_t>(items, 1);
  const std::int64_t window = options.window != 0 ? options.window : chunk > most ? most : 4 * workers * chunk;
  state_ = std::make_unique<state>();
  state_->items = items;
  state_->chunk = chunk;
  state_->window = std::min(window, most);
  state_->ordered = options.ordered;
  state_->workers = workers;
  state_->inherited = runtime::policy_to_inherit(options.rules);
  state_->compute = std::move(compute);
  if (options.ordered) {
    state_->is_ready.resize(static_cast<std::size_t>(state_->window), false);
  } else {
    for (std::int64_t i = state_->window; i > 0; --i) state_->free_places.push_back(i - 1);
  }
  state_->on_request.emplace(options.stop, [to = state_.get()] {
    const std::lock_guard lock(to->guard);
    to->is_stopping = true;
    to->is_requested_to_stop = true;
    to->for_workers.notify_all();
    to->for_reader.notify_all();
  });
}

void imap_engine::start() {
  if (state_->items == 0) return;
  // The team's master: the reader's own thread reads.
  state_->driver = std::thread([to = state_.get()] { to->work(); });
}

imap_engine::~imap_engine() {
  if (!state_) return;
  if (state_->is_child()) {
    // Its thread is in the parent, and so may be whoever holds its lock: nothing of it can be used or destroyed here.
    static_cast<void>(state_.release());
    return;
  }
  state_->on_request.reset();
  {
    const std::lock_guard lock(state_->guard);
    state_->is_stopping = true;
    state_->for_workers.notify_all();
  }
  if (state_->driver.joinable()) state_->driver.join();
}

std::optional<imap_engine::ready> imap_engine::state::take(std::unique_lock<std::mutex>& lock) {
  if (ordered) {
    const std::int64_t place = read % window;
    for_reader.wait(lock, [&] {
      return is_ready[static_cast<std::size_t>(place)] || is_requested_to_stop || (thrown && thrown_at == read);
    });
    if (!is_ready[static_cast<std::size_t>(place)]) return std::nullopt;
    is_ready[static_cast<std::size_t>(place)] = false;
    return ready{read, place};
  }
  for_reader.wait(lock, [&] { return !finished.empty() || is_requested_to_stop || thrown; });
  if (finished.empty()) return std::nullopt;
  const ready first = finished.front();
  finished.pop_front();
  return first;
}

std::optional<imap_engine::ready> imap_engine::next() {
  state& of = *state_;
  if (of.is_child()) {
    throw policy_error("parallel_imap: this process was forked after the work began; its threads are in the parent");
  }
  std::unique_lock lock(of.guard);
  if (of.in_reading >= 0) {
    if (!of.ordered) of.free_places.push_back(of.in_reading);
    of.in_reading = -1;
    ++of.read;
    of.for_workers.notify_all();
  }
  if (of.read == of.items) return std::nullopt;
  const std::optional<ready> result = of.take(lock);
  if (result) {
    of.in_reading = result->place;
    return result;
  }
  of.is_stopping = true;
  of.for_workers.notify_all();
  if (of.thrown) std::rethrow_exception(of.thrown);
  throw stopped(
      fmt::format("parallel_imap: a stop was requested after {} of {} results had been read", of.read, of.items));
}

std::int64_t imap_engine::window() const noexcept { return state_->window; }

}  // namespace tandem::detail
