#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ops/program.h"
#include "plan/places.h"
#include "plan/task.h"
#include "regret/applications.h"

// What applications evaluate, and what the host does with their arrays in between.
namespace bench::regret {

/// A program that an application evaluated, once or often.
struct recorded_program {
  std::string text;
  std::uint64_t structure;
  tandem::ops::program program;
  tandem::plan::task task;
};

/// One thing after the other.
struct recorded_event {
  enum class kind : std::uint8_t { evaluation, host_read, host_write, free };
  kind what;
  /// Of a block that the host reads or writes, or that is gone.
  std::uint64_t id = 0;
  /// Of an evaluation: which program, and its operands as a planner is told of them, but for credits.
  std::size_t program = 0;
  std::vector<tandem::plan::operand_state> reads;
  tandem::plan::operand_state writes;
  bool writes_all = true;
  bool is_new = false;
};

struct recording {
  std::string name;
  double scale;
  std::vector<recorded_program> programs;
  std::vector<recorded_event> events;

  std::size_t evaluations() const noexcept;
};

/// Runs an application on this machine's CPU and writes down what it does. Blocks have numbers in the order in which
/// they are met, so that the same is written down each time.
/// Thread safety: one at a time, with nothing else evaluated meanwhile. Throws: as the application does.
recording record(const tandem::applications::application& of, double scale);

}  // namespace bench::regret
