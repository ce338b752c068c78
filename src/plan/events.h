#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "plan/places.h"
#include "plan/task.h"

// What happens in an application, for those who write it down or think about it.
namespace tandem::plan {

/// An evaluation is about to run, or would be.
struct evaluation {
  /// Counts from 1.
  std::uint64_t number;
  /// The same for expressions of one structure.
  std::uint64_t structure;
  /// Of the planned task that was decided on: threads have their own, and what a planner remembers with one is not in
  /// another that is made later. Counts from 1.
  std::uint64_t planned;
  const task& what;
  /// The function at the root: "add"; and the whole, for readers: "add(multiply(f32[8,8], f32[8,8]), 1)".
  std::string_view name;
  std::string_view text;
  /// "file.cpp:12" if the call told; "" if not.
  std::string_view site;
  std::span<const operand_state> reads;
  /// Where the result goes. `valid_on` is what it was before; `is_new` if it has no elements before, or all of them are
  /// overwritten.
  operand_state writes;
  bool writes_all;
  /// The most workers that it may have, and the places that the policy lets it run at.
  int worker_limit;
  place_set allowed;
  /// Bytes of free memory, by place; 0 for the host.
  std::span<const std::int64_t> free_bytes;
  /// Microseconds that a place needs once to make the program ready.
  std::span<const double> cold_us;

  // The decision.
  int place;
  /// By stages; empty but on the host.
  std::span<const std::int16_t> workers;
  cause why;
  /// Of the whole, with transfers, and of the work alone.
  double predicted_us;
  double predicted_work_us;
};

/// Follows an application. Functions are called one at a time, in the order in which things happen, but for outcomes of
/// devices, which come late.
class observer {
 public:
  virtual ~observer() = default;
  virtual void on_evaluation(const evaluation& what) = 0;
  /// The work of an evaluation, without transfers, took so long.
  virtual void on_outcome(std::uint64_t number, double measured_us) = 0;
  /// A copy between the host and a place took so long.
  virtual void on_copy(int place, bool to_device, bool is_pinned, std::int64_t bytes, double measured_us) = 0;
  /// The application reads or writes elements on the host.
  virtual void on_host_read(std::uint64_t id) = 0;
  virtual void on_host_write(std::uint64_t id) = 0;
  /// A storage is gone.
  virtual void on_free(std::uint64_t id) = 0;
};

}  // namespace tandem::plan
