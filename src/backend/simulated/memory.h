#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/simulated/arena.h"
#include "backend/simulated/clock.h"
#include "backend/simulated/costs.h"
#include "backend/simulated/faults.h"
#include "backend/simulated/profiles.h"
#include "backend/simulated/queue.h"
#include "backend/simulated/surroundings.h"
#include "memory/device_memory.h"

namespace tandem::backend::simulation {

/// The memory and the queues of a simulated device.
///
/// What is given to a queue is done when a thread has to wait for it: in `copy_out`, `synchronize`, `trim`, `wait` of a
/// mark, a `copy_in` of more than 256 KiB, and when a queue has 1024 pieces. That thread does it, one at a time for the
/// device, and of other queues only what marks order before it: work that nobody ordered is not done by chance. Asking
/// whether a mark is reached does nothing.
/// A block that is released serves others only when it is known that all that used it is done.
///
/// What addresses work may use is checked when it is given: a copy or an operand outside of every block that is
/// allocated is a `device_error`.
///
/// Thread safety: any thread.
class simulated_memory final : public memory::device_memory {
 public:
  simulated_memory(const machine_profile& profile, std::string name, std::uint64_t seed);

  std::string_view name() const noexcept override { return name_; }
  const machine_profile& profile() const noexcept { return profile_; }

  void release(std::byte* block, std::int64_t size_bytes, std::span<const memory::mark_ptr> uses) noexcept override;
  void copy_in(const std::byte* from, std::byte* to, std::int64_t size_bytes) override;
  void copy_out(const std::byte* from, std::byte* to, std::int64_t size_bytes) override;
  memory::mark_ptr make_mark() override;
  /// Its time is when the work so far will be done, or now if that is later. It is known when the mark is made: nobody
  /// has to wait for the work to be told how long it takes.
  memory::mark_ptr make_timed_mark() override;
  /// Nothing also if the work was lost.
  std::optional<double> passed_us(const memory::mark& begin, const memory::mark& end) noexcept override;
  /// Virtual time of the host; 0 in a child process that cannot use this memory.
  double time_us() noexcept override;
  bool pin(std::byte* begin, std::int64_t size_bytes) noexcept override;
  void unpin(std::byte* begin, std::int64_t size_bytes) noexcept override;
  void await(const memory::mark& point) override;
  void synchronize() override;
  bool begin_copies() override;
  void end_copies() noexcept override;
  memory::device_memory_information information() override;
  std::int64_t trim() noexcept override;

  /// Gives the run of a program to the calling thread's queue. `act` does it; `what` names it in errors; `launches` and
  /// `cost_ns` are what it takes. Throws: `device_error`.
  void run(std::string what, std::function<void()> act, int launches, double cost_ns);
  /// The part of a run that is to be given next that begins now, before what its later parts await: the time that it
  /// takes. Throws: `device_error`.
  void spend_work(int launches, double cost_ns);
  /// Throws: `device_error` if the bytes do not lie in one allocated block.
  void check_allocated(std::string_view what, const std::byte* begin, std::int64_t size_bytes);
  /// Where kernels find what has that address.
  std::byte* accessible(std::byte* address) const noexcept { return arena_.accessible(address); }

  /// See tandem/simulation.h.
  void set_faults(const simulated_faults& faults);
  simulated_faults faults() const;
  void repair();
  void limit(std::int64_t size_bytes);

  /// The host does something that takes so long. Throws: `device_error`.
  void spend_us(double us);
  /// Throws: `device_error` if this memory belongs to the process that this one was forked from.
  void check_process();

 protected:
  std::byte* try_allocate(std::int64_t size_bytes) override;

 private:
  friend class simulated_mark;
  using lock_type = std::unique_lock<std::mutex>;

  bool is_of_another_process() const noexcept;
  void check_usable() const;
  void check_holds(std::string_view what, const std::byte* begin, std::int64_t size_bytes) const;
  bool host_can_hold(std::int64_t size_bytes);

  const std::shared_ptr<queue>& own_queue();
  void push(queue& to, piece what);
  void spend_call_us(double us);
  std::int64_t work_on(engine on, std::int64_t earliest_ns, double cost_ns);
  std::int64_t copy_on_link(copy_direction to, const std::byte* host, std::int64_t size_bytes,
                            std::int64_t earliest_ns);
  bool is_pinned(const std::byte* begin, std::int64_t size_bytes) const noexcept;
  [[noreturn]] void refuse_copy(std::string_view direction, std::int64_t size_bytes);

  void wait_for(const std::shared_ptr<queue>& which, std::uint64_t position);
  void execute(queue& which, std::uint64_t until);
  void finish(queue& which, piece& done);
  void reclaim(std::byte* block, std::int64_t size_bytes) noexcept;
  void reclaim_what_is_free();
  void fail(std::string_view what, std::string_view why);
  void wait_for_all();
  void wait_for_mark(const simulated_mark& point);

  const machine_profile profile_;
  const std::string name_;
  /// Index of this memory's queues among a thread's own.
  const std::size_t number_;
  /// One more than the generation of the process that uses it; 0 if none does yet.
  std::atomic<unsigned> used_in_{0};

  /// Held by the thread that does work. Taken before the lock of the state, never after it.
  std::mutex running_;

  /// Guards all that follows, and the queues.
  mutable std::mutex state_guard_;
  arena arena_;
  clock clock_;
  const surroundings surroundings_;
  fault_counter faults_;
  /// Pinned memory of the host: where each range ends, by where it begins.
  std::map<const std::byte*, const std::byte*> pinned_;
  /// All that may have work left. A thread that has ended leaves its own here.
  std::vector<std::shared_ptr<queue>> queues_;
  /// For threads that are ending.
  std::shared_ptr<queue> last_queue_;
  /// Blocks whose turn has come and that marks of other queues still hold.
  std::vector<piece> held_;
  /// Why nothing is possible; "" while the device works.
  std::string failure_;
  std::int64_t limit_bytes_;
  std::int64_t in_use_bytes_ = 0;
  std::int64_t peak_bytes_ = 0;
  std::int64_t released_bytes_ = 0;
  std::int64_t unchecked_bytes_ = 0;
};

}  // namespace tandem::backend::simulation
