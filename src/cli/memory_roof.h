#pragma once

#include <cstdint>
#include <vector>

#include <tandem/ndarray.h>

namespace tandem::cli {

/// How many bytes a second `workers` read and write.
struct bandwidth {
  int workers;
  double bytes_per_s;
};

/// What the memory gives the simplest work there is.
struct memory_roof {
  /// What one evaluation of x + 1.0 read and wrote, half of it each.
  std::int64_t bytes;
  std::vector<bandwidth> rates;
};

/// How many bytes to measure the memory with, beside work that moves `moved_bytes`: as many, so that they come from the
/// same caches or from memory, but no more than four times the last-level cache, where that makes no difference any
/// more, and an eighth of the machine's memory.
std::int64_t roof_bytes(std::int64_t moved_bytes, std::int64_t memory_bytes);

/// x + 1.0 over float64 into an array that exists.
class simplest_work {
 public:
  /// The arrays are written first by `workers`, so that their memory is near those. Throws: `out_of_memory`.
  simplest_work(std::int64_t bytes, int workers);

  /// What an evaluation reads and writes.
  std::int64_t bytes() const noexcept { return from_.size_bytes() + to_.size_bytes(); }
  /// Seconds that `times` evaluations take, one after the other.
  double seconds(int workers, int times) const;

 private:
  ndarray from_;
  ndarray to_;
};

}  // namespace tandem::cli
