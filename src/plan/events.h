#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "plan/places.h"
#include "plan/profile.h"
#include "plan/task.h"

// What happens in an application, for those who write it down or think about it.
namespace tandem::plan {

/// What the planner was asked about an evaluation.
enum class asking : std::uint8_t {
  nothing,     ///< It was decided on with another one.
  about_work,  ///< Nothing of operands and memory: the place was certain.
  everything,
};
/// "nothing", "work", "everything".
std::string_view to_string(asking how) noexcept;

/// A program is about to run at a place that was decided on, or is not going to, because another one will.
struct evaluation {
  /// Counts from 1.
  std::uint64_t number;
  /// The same for the same task and the same texts, and only then.
  std::uint64_t definition;
  /// What the planner knows the task by, and the planned task that was decided on: threads have their own, and what a
  /// planner remembers with one is not in another that is made later.
  std::uint64_t structure;
  std::uint64_t planned;
  const task& what;
  /// The function at the root: "add"; and the whole, for readers: "add(multiply(f32[8,8], f32[8,8]), 1)".
  std::string_view name;
  std::string_view text;
  /// "file.cpp:12" if the call told; "" if not.
  std::string_view site;
  std::span<const operand_state> reads;
  /// For each of them, which array of the expression it is first, as one reads it, from 1 on; 0 if that is not known.
  std::span<const std::int16_t> operands;
  /// Where the result goes. `valid_on` is what it was before.
  operand_state writes;
  /// Nothing of what that had before is needed; it is new, or was an array's that the result replaces.
  bool writes_all;
  bool is_new;
  /// The most workers that it may have, and the places that it may run at.
  int worker_limit;
  place_set allowed;
  /// Bytes of free memory, by place; 0 for the host, and where the planner was not told.
  std::span<const std::int64_t> free_bytes;
  /// Microseconds that a place needs once to make the program ready.
  std::span<const double> cold_us;

  // The decision.
  asking asked;
  bool runs;
  int place;
  /// By stages; empty but on the host.
  std::span<const std::int16_t> workers;
  cause why;
  /// Of the whole, with transfers, and of the work alone.
  double predicted_us;
  double predicted_work_us;

  /// Of the task; null where it is read from a log. Lives as long as the call.
  const ops::program* program = nullptr;

  /// Whether what it writes is a result, whose use and reading are counted. Where an assignment reads what it writes,
  /// the value is made in memory of its own first, which nobody keeps a credit for.
  bool makes_result() const noexcept { return is_new || writes.credit_us != nullptr; }
};

/// Follows an application. Functions are called one at a time, in the order in which things happen, but for outcomes of
/// devices, which come late.
class observer {
 public:
  virtual ~observer() = default;
  /// Work can run on another device from now on: the next place, from 1 on.
  virtual void on_device(const named_device_profile& what) = 0;
  virtual void on_evaluation(const evaluation& what) = 0;
  /// The evaluation failed: there is no result.
  virtual void on_failure(std::uint64_t number) = 0;
  /// The work of an evaluation, without transfers, took so long.
  virtual void on_outcome(std::uint64_t number, double measured_us) = 0;
  /// A copy between the host and a place took so long.
  virtual void on_copy(int place, bool to_device, bool is_pinned, std::int64_t bytes, double measured_us) = 0;
  /// The application reads or writes elements on the host, of a block that an evaluation used since it did so last.
  virtual void on_host_read(std::uint64_t id) = 0;
  virtual void on_host_write(std::uint64_t id) = 0;
  /// A storage is gone.
  virtual void on_free(std::uint64_t id) = 0;
};

}  // namespace tandem::plan
