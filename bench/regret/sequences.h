#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "regret/judged.h"
#include "regret/scene.h"

// Evaluations that follow one another and use each other's results: where arrays are matters.
namespace bench::regret {

/// One thing after the other that happens to numbered buffers.
struct happening {
  enum class kind : std::uint8_t { evaluation, host_read, host_write };
  kind what;
  /// Of an evaluation: which program, what it reads and writes.
  std::size_t program = 0;
  std::vector<int> reads;
  int buffer = 0;
};

/// A sequence over buffers, all of which are on the host at the beginning.
struct sequence {
  std::string name;
  std::vector<work> programs;
  std::vector<std::int64_t> buffer_bytes;
  std::vector<happening> happenings;
};

/// Sequences of some kinds with random sizes and lengths: loops that use one array again and again, whose result goes
/// into the next round or is read by the host, batches that come from the host, and arrays that the host changes.
sequence random_sequence(bool for_testing, std::mt19937_64& chance);

/// What it takes at best: by dynamic programming over where each buffer is.
double best_us(const truth& takes, const sequence& of);
/// An application that does a sequence again and again, with other arrays of the same sizes each time.
class player {
 public:
  /// Programs have numbers from `first_structure` on. The scene and the sequence live longer.
  player(scene& on, const sequence& of, std::uint64_t first_structure);
  /// What it takes once with the planner's decisions, which learns meanwhile.
  double play();

 private:
  scene& on_;
  const sequence& of_;
  std::vector<std::unique_ptr<tandem::plan::planned_task>> tasks_;
  std::uint64_t first_id_ = 0;
};
/// All on the host; all on the device.
double fixed_us(const truth& takes, const sequence& of, int place);

}  // namespace bench::regret
