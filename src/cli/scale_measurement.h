#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <tandem/policy.h>

#include "cli/description.h"
#include "cli/steps.h"

namespace tandem::cli {

/// An expression that is evaluated over and over, each time anew: no result is kept from one time to the next.
class repeated_evaluation {
 public:
  /// Throws: `failure` for a mistake in the expression or if it gives no array.
  repeated_evaluation(std::string expression, bindings names);
  repeated_evaluation(const repeated_evaluation&) = delete;
  repeated_evaluation& operator=(const repeated_evaluation&) = delete;

  /// Evaluates once, for what can be told only of results.
  /// Throws: what the evaluation throws; `failure` if nothing is computed, because all results are arrays that exist
  /// already or views of them.
  void check_work();

  /// Seconds that `times` evaluations take, one after the other, each into new arrays that are freed at once.
  /// Describing the work is not part of that time, nor is what functions such as `zeros` create while it is described.
  double seconds(int workers, int times);

  /// A lower bound on the bytes that an evaluation reads and writes; see `bytes_read`. Known after `check_work`.
  std::int64_t moved_bytes() const noexcept { return moved_bytes_; }

 private:
  std::string expression_;
  std::vector<step> steps_;
  bindings names_;
  std::int64_t moved_bytes_ = 0;
};

/// The numbers of workers to measure: all up to 16; beyond, powers of two, the numbers halfway between two of them
/// (1, 2, 3, 4, 6, 8, 12, 16, 24, ...), `permitted` and `max`.
std::vector<int> worker_counts(int max, int permitted);

/// One kind of work with one number of workers.
struct series {
  int workers;
  /// Seconds that `times` pieces of the work take, one after the other.
  std::function<double(int workers, int times)> work;
  /// How long to measure in each round, about.
  double seconds;
};

struct series_times {
  /// Seconds for a piece of work, one for each round.
  std::vector<double> rounds_s;
  /// The share of their time for which the workers waited for a core that another thread had, over all rounds; nothing
  /// if the kernel does not tell.
  std::optional<double> waiting;
};

/// How long each kind of work takes. Each round takes all of them, in an order drawn anew (with a fixed seed), so that
/// a slow or fast minute of the machine meets all alike. Before fewer workers than the last, it pauses until the
/// others' threads sleep: 3 ms, but no longer than the series' `seconds`. The time of a round is the median of its
/// batches; a batch is as many pieces of work as take 0.2 ms, for the clock's sake. `done` is advanced by 1 for each
/// of them in each round.
/// Throws: what the work throws.
std::vector<series_times> measure(const std::vector<series>& all, int rounds, progress& done);

}  // namespace tandem::cli
