#include "backend/simulated/queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include <tandem/errors.h>

#include "backend/simulated/memory.h"
#include "memory/host_pool.h"

// How a simulated device's work is given and done.
namespace tandem::backend::simulation {

namespace {

constexpr std::size_t most_pieces = 1024;
/// Copies of up to that size are put aside by the host, which goes on at once.
constexpr std::int64_t most_staged_bytes = 256 * 1024;

// A thread's queues by the numbers of the memories. Arrays may be destroyed after the queues of their thread.
constinit thread_local bool has_ended = false;
struct own_queues_of {
  std::shared_ptr<queue> work;
  std::shared_ptr<queue> copies;
  bool is_copying = false;
};
struct thread_queues {
  std::vector<own_queues_of> list;
  ~thread_queues() { has_ended = true; }
};
thread_local thread_queues own_queues;

// Bytes of the host's that a copy reads later.
class staged_bytes {
 public:
  staged_bytes(const std::byte* from, std::int64_t size_bytes)
      : data_(memory::allocate_block(size_bytes)), size_bytes_(size_bytes) {
    std::memcpy(data_, from, static_cast<std::size_t>(size_bytes));
  }
  staged_bytes(const staged_bytes&) = delete;
  staged_bytes& operator=(const staged_bytes&) = delete;
  ~staged_bytes() { memory::free_block(data_, size_bytes_); }
  const std::byte* data() const noexcept { return data_; }

 private:
  std::byte* data_;
  std::int64_t size_bytes_;
};

}  // namespace

bool simulated_mark::is_reached() const noexcept {
  return of_->is_done(position_) || of_->is_lost.load(std::memory_order_acquire) || where_.is_of_another_process();
}

void simulated_mark::wait() const { where_.wait_for_mark(*this); }

// ---- giving work, with the lock of the state

const std::shared_ptr<queue>& simulated_memory::own_queue() {
  std::shared_ptr<queue>* slot = &last_queue_;
  if (!has_ended) {
    if (own_queues.list.size() <= number_) own_queues.list.resize(number_ + 1);
    own_queues_of& own = own_queues.list[number_];
    slot = own.is_copying ? &own.copies : &own.work;
  }
  if (*slot == nullptr || (*slot)->is_lost.load(std::memory_order_relaxed)) {
    std::erase_if(queues_, [](const auto& each) { return each.use_count() == 1 && each->pending.empty(); });
    *slot = std::make_shared<queue>();
    queues_.push_back(*slot);
  }
  return *slot;
}

bool simulated_memory::begin_copies() {
  check_process();
  if (has_ended) return false;
  if (own_queues.list.size() <= number_) own_queues.list.resize(number_ + 1);
  own_queues.list[number_].is_copying = true;
  return true;
}

void simulated_memory::end_copies() noexcept { own_queues.list[number_].is_copying = false; }

void simulated_memory::push(queue& to, piece what) {
  to.pending.push_back(std::move(what));
  ++to.given;
}

void simulated_memory::refuse_copy(std::string_view direction, std::int64_t size_bytes) {
  throw device_error(fmt::format("{}: the copy of {} bytes {} the device fails as simulated_faults demands", name_,
                                 size_bytes, direction));
}

void simulated_memory::copy_in(const std::byte* from, std::byte* to, std::int64_t size_bytes) {
  check_process();
  const bool is_staged = size_bytes <= most_staged_bytes;
  std::shared_ptr<queue> own;
  std::uint64_t position = 0;
  {
    const lock_type lock(state_guard_);
    check_usable();
    if (size_bytes == 0) return;
    check_holds("the target of a copy", to, size_bytes);
    if (faults_.copy_fails()) refuse_copy("to", size_bytes);
    piece copy;
    copy.what = "copy";
    std::byte* const target = arena_.accessible(to);
    if (is_staged) {
      auto bytes = std::make_shared<const staged_bytes>(from, size_bytes);
      copy.act = [bytes = std::move(bytes), target, size_bytes] {
        std::memcpy(target, bytes->data(), static_cast<std::size_t>(size_bytes));
      };
    } else {
      copy.act = [from, target, size_bytes] { std::memcpy(target, from, static_cast<std::size_t>(size_bytes)); };
    }
    own = own_queue();
    push(*own, std::move(copy));
    spend_call_us(profile_.launch_us);
    own->time_ns = copy_on_link(copy_direction::to_device, from, size_bytes, own->time_ns);
    if (!is_staged || own->pending.size() >= most_pieces) {
      position = own->given;
      clock_.wait_until(own->time_ns);
    }
  }
  if (position > 0) wait_for(own, position);
}

void simulated_memory::copy_out(const std::byte* from, std::byte* to, std::int64_t size_bytes) {
  check_process();
  std::shared_ptr<queue> own;
  std::uint64_t position = 0;
  {
    const lock_type lock(state_guard_);
    check_usable();
    own = own_queue();
    if (size_bytes != 0) {
      check_holds("the source of a copy", from, size_bytes);
      if (faults_.copy_fails()) refuse_copy("from", size_bytes);
      piece copy;
      copy.what = "copy";
      copy.act = [source = arena_.accessible(from), to, size_bytes] {
        std::memcpy(to, source, static_cast<std::size_t>(size_bytes));
      };
      push(*own, std::move(copy));
      spend_call_us(profile_.launch_us);
      own->time_ns = copy_on_link(copy_direction::to_host, to, size_bytes, own->time_ns);
    }
    clock_.wait_until(own->time_ns);
    spend_call_us(profile_.synchronize_us);
    position = own->given;
  }
  wait_for(own, position);
}

void simulated_memory::run(std::string what, std::function<void()> act, int launches, double cost_ns) {
  check_process();
  std::shared_ptr<queue> own;
  std::uint64_t position = 0;
  {
    const lock_type lock(state_guard_);
    check_usable();
    piece work;
    work.what = std::move(what);
    work.act = std::move(act);
    own = own_queue();
    work.fails = faults_.run_fails();
    push(*own, std::move(work));
    for (int i = 0; i < launches; ++i) spend_call_us(profile_.launch_us);
    own->time_ns = work_on(engine::kernels, own->time_ns, cost_ns * faults_.run_factor());
    if (own->pending.size() >= most_pieces) {
      position = own->given;
      clock_.wait_until(own->time_ns);
    }
  }
  if (position > 0) wait_for(own, position);
}

void simulated_memory::spend_work(int launches, double cost_ns) {
  check_process();
  if (launches == 0) return;
  const lock_type lock(state_guard_);
  check_usable();
  const std::shared_ptr<queue>& own = own_queue();
  for (int i = 0; i < launches; ++i) spend_call_us(profile_.launch_us);
  own->time_ns = work_on(engine::kernels, own->time_ns, cost_ns * faults_.next_run_factor());
}

memory::mark_ptr simulated_memory::make_mark() {
  check_process();
  const lock_type lock(state_guard_);
  check_usable();
  const std::shared_ptr<queue>& own = own_queue();
  return std::make_shared<const simulated_mark>(*this, own, own->given, own->time_ns);
}

void simulated_memory::await(const memory::mark& point) {
  check_process();
  const auto* const given = dynamic_cast<const simulated_mark*>(&point);
  if (given == nullptr || &given->where() != this) {
    throw device_error(fmt::format("{}: await was given a mark of another memory", name_));
  }
  const lock_type lock(state_guard_);
  check_usable();
  const std::shared_ptr<queue>& own = own_queue();
  own->time_ns = std::max(own->time_ns, given->time_ns());
  if (given->of() == own || given->of()->is_done(given->position())) return;
  if (given->of()->is_lost.load(std::memory_order_relaxed)) throw device_error(given->of()->failure);
  piece wait;
  wait.awaited = given->of();
  wait.awaited_position = given->position();
  push(*own, std::move(wait));
}

memory::mark_ptr simulated_memory::make_timed_mark() {
  check_process();
  const lock_type lock(state_guard_);
  check_usable();
  const std::shared_ptr<queue>& own = own_queue();
  return std::make_shared<const simulated_mark>(*this, own, own->given, std::max(own->time_ns, clock_.host_ns()));
}

std::optional<double> simulated_memory::passed_us(const memory::mark& begin, const memory::mark& end) noexcept {
  const auto* const first = dynamic_cast<const simulated_mark*>(&begin);
  const auto* const last = dynamic_cast<const simulated_mark*>(&end);
  if (first == nullptr || last == nullptr || &first->where() != this || &last->where() != this) return std::nullopt;
  if (!last->of()->is_done(last->position()) && last->is_reached()) return std::nullopt;  // never will be
  return static_cast<double>(last->time_ns() - first->time_ns()) * 1e-3;
}

// ---- the virtual time of work, with the lock of the state

double simulated_memory::time_us() noexcept {
  if (is_of_another_process()) return 0;
  const lock_type lock(state_guard_);
  return static_cast<double>(clock_.host_ns()) * 1e-3;
}

void simulated_memory::spend_us(double us) {
  check_process();
  const lock_type lock(state_guard_);
  clock_.spend(1e3 * us);
}

void simulated_memory::spend_call_us(double us) {
  const double drift = surroundings_.drift_factor(clock_.host_ns(), faults_.all().drift);
  clock_.spend(clock_.with_jitter(1e3 * us) * drift);
}

std::int64_t simulated_memory::work_on(engine on, std::int64_t earliest_ns, double cost_ns) {
  const std::int64_t begin_ns = clock_.start_of(on, earliest_ns);
  const double drift = surroundings_.drift_factor(begin_ns, faults_.all().drift);
  return clock_.work(on, earliest_ns, clock_.with_noise(cost_ns) * drift);
}

std::int64_t simulated_memory::copy_on_link(copy_direction to, const std::byte* host, std::int64_t size_bytes,
                                            std::int64_t earliest_ns) {
  const engine on = to == copy_direction::to_device ? engine::copies_in : engine::copies_out;
  const double alone_ns =
      1e3 * copy_us(profile_, to, is_pinned(host, size_bytes), size_bytes) * faults_.all().link_slowdown;
  return work_on(on, earliest_ns,
                 surroundings_.contended_ns(clock_.start_of(on, earliest_ns), alone_ns, faults_.all().link_contention));
}

// ---- doing work

// Without a lock. Afterwards the work is done, or an exception says why it is not.
void simulated_memory::wait_for(const std::shared_ptr<queue>& which, std::uint64_t position) {
  {
    const std::lock_guard running(running_);
    execute(*which, position);
  }
  const lock_type lock(state_guard_);
  if (!which->is_done(position)) throw device_error(which->failure);
  check_usable();
}

// With the lock of running, without that of the state. Marks are older than what awaits them, so that queues which
// await one another come to an end, in a depth of at most their number.
void simulated_memory::execute(queue& which, std::uint64_t until) {
  while (!which.is_done(until)) {
    piece next;
    {
      const lock_type lock(state_guard_);
      if (which.is_lost.load(std::memory_order_relaxed)) return;
      next = std::move(which.pending.front());
      which.pending.pop_front();
    }
    if (next.awaited) execute(*next.awaited, next.awaited_position);
    std::string why;
    if (next.fails) {
      why = "as simulated_faults demands";
    } else if (next.act) {
      try {
        next.act();
      } catch (const std::exception& error) {
        why = error.what();
      }
    }
    const lock_type lock(state_guard_);
    if (which.is_lost.load(std::memory_order_relaxed)) return;
    if (!why.empty()) {
      fail(next.what, why);
      return;
    }
    finish(which, next);
  }
}

void simulated_memory::finish(queue& which, piece& done) {
  if (done.released != nullptr) held_.push_back(std::move(done));
  which.done.fetch_add(1, std::memory_order_release);
  reclaim_what_is_free();
}

// With the lock of the state. From now on nothing is possible, and what has not been done never will be.
void simulated_memory::fail(std::string_view what, std::string_view why) {
  if (!failure_.empty()) return;
  failure_ = fmt::format(
      "{}: {} failed ({}), and since then, {:.3f} us of its time, the device is unusable until it is "
      "repaired",
      name_, what, why, static_cast<double>(clock_.host_ns()) * 1e-3);
  for (const std::shared_ptr<queue>& each : queues_) {
    each->failure = failure_;
    each->is_lost.store(true, std::memory_order_release);
    for (piece& lost : each->pending) {
      if (lost.released != nullptr) held_.push_back(std::move(lost));
    }
    each->pending.clear();
  }
  queues_.clear();
  for (const piece& each : held_) reclaim(each.released, each.released_bytes);
  held_.clear();
}

void simulated_memory::wait_for_all() {
  std::vector<std::pair<std::shared_ptr<queue>, std::uint64_t>> all;
  {
    const lock_type lock(state_guard_);
    for (const std::shared_ptr<queue>& each : queues_) {
      all.emplace_back(each, each->given);
      clock_.wait_until(each->time_ns);
    }
  }
  for (const auto& [each, position] : all) wait_for(each, position);
}

void simulated_memory::synchronize() {
  check_process();
  {
    const lock_type lock(state_guard_);
    check_usable();
  }
  wait_for_all();
  const lock_type lock(state_guard_);
  spend_call_us(profile_.synchronize_us);
}

void simulated_memory::wait_for_mark(const simulated_mark& point) {
  check_process();
  {
    const lock_type lock(state_guard_);
    if (!point.of()->is_done(point.position())) {
      if (point.of()->is_lost.load(std::memory_order_relaxed)) throw device_error(point.of()->failure);
    }
    check_usable();
    clock_.wait_until(point.time_ns());
    spend_call_us(profile_.synchronize_us);
  }
  wait_for(point.of(), point.position());
}

}  // namespace tandem::backend::simulation
