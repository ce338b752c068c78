#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tandem/device.h>
#include <tandem/ndarray.h>
#include <tandem/policy.h>

#include "backend/backend.h"
#include "memory/storage.h"
#include "plan/planner.h"

// The planner of this process, and the devices that it knows.
namespace tandem::exec {

/// Made with this machine's constants when it is first asked for. Lives as long as the process.
plan::planner& planner_of_process();

/// Whether it was made with a file of what earlier processes learned.
bool begins_with_lessons();

/// As `learning_now` says, in case that it has changed.
void follow_learning();

/// Why the profile's file or that of lessons, or a part of it, is not used: of those that the planner was made with or,
/// if nothing has been evaluated yet, of those that it would be made with. Thread safety: any thread.
/// Throws: `std::bad_alloc`, and as `machine_info`.
std::vector<std::string> profile_problems();

/// The place of a device, which the planner learns of now if it has not met it; none if it has no room for another.
/// Thread safety: any thread.
std::optional<int> place_of(backend::backend& where);
backend::backend& backend_at(int place) noexcept;

/// Constants of a device: calibrated ones, if there are some for it, else what it says of itself.
plan::device_profile constants_for(backend::backend& where);

/// Places that `device::automatic` chooses among, and the host. `expected_us` is what an evaluation is going to take on
/// the host: GPUs are looked for once so much time has been spent there that opening them, which takes long, may pay.
plan::place_set candidates(double expected_us);

/// As the public function. Throws: see there.
void set_candidates(std::span<const device> devices);

/// Bytes that a place can still take, as far as known: asked anew now and then, and when `needed_bytes` are a large
/// part of what was free last.
std::int64_t free_bytes_at(int place, std::int64_t needed_bytes);

/// Where a storage is, as the planner asks it.
plan::operand_state state_of(const detail::storage& of);

/// What a program is called by those who follow the application.
struct watched_label {
  std::uint64_t definition;
  std::uint64_t planned;
  std::string name;
  std::string text;
};

/// A program as the planner sees it, with what devices say of it. Thread safety: none.
class planned_program {
 public:
  planned_program(const ops::program& what, std::uint64_t structure) : task_(plan::task_of(what), structure) {}

  plan::planned_task& task() noexcept { return task_; }
  /// Asks the devices that the planner knows of, unless they have been asked. Throws: `device_error`.
  void ask_devices(const ops::program& what);
  plan::place_set able() const noexcept { return able_; }
  const std::array<double, plan::most_places>& cold_us() const noexcept { return cold_us_; }
  std::unique_ptr<const watched_label>& label() noexcept { return label_; }
  void is_ready_at(int place) noexcept { cold_us_[static_cast<std::size_t>(place)] = 0; }

 private:
  plan::planned_task task_;
  std::unique_ptr<const watched_label> label_;
  int asked_ = 1;
  plan::place_set able_ = plan::set_of(plan::host_place);
  std::array<double, plan::most_places> cold_us_{};
};

/// The storages that an evaluation reads, each once.
class storages_in_question {
 public:
  void add(detail::storage& read);
  std::span<detail::storage* const> all() const noexcept { return {storages_.data(), count_}; }

 private:
  friend plan::question question_about(planned_program&, const ops::program&, storages_in_question&, const ndarray*,
                                       const resolved_policy&, int, plan::place_set);
  /// Of more operands, the first ones speak for all.
  static constexpr std::size_t most = 32;
  std::array<detail::storage*, most> storages_{};
  std::array<plan::operand_state, most> states_{};
  std::size_t count_ = 0;
};

/// What the planner is asked about a program for which the policy demands no place: with the candidates `others`, and
/// devices that have an operand. `target` is null for a new result. The storages must outlive it.
/// Throws: `device_error`.
plan::question question_about(planned_program& planned, const ops::program& what, storages_in_question& storages,
                              const ndarray* target, const resolved_policy& rules, int worker_limit,
                              plan::place_set others);

/// Measured work and copies of which the end is not known yet.
class lessons {
 public:
  /// `number` is that of the evaluation, if somebody follows the application; else 0. What passed between the marks of
  /// a pause was waiting for copies, and is not counted.
  static void add_work(const plan::planner::lesson& about, std::uint64_t number, memory::device_memory& where,
                       memory::mark_ptr begin, memory::mark_ptr end,
                       std::vector<std::pair<memory::mark_ptr, memory::mark_ptr>> pauses = {});
  static void add_copy(int place, bool is_pinned, std::int64_t bytes, memory::device_memory& where,
                       memory::mark_ptr begin, memory::mark_ptr end);
  /// Learns from those that have ended.
  static void learn() noexcept;
};

}  // namespace tandem::exec
