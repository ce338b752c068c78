#pragma once

#include <cstdint>
#include <unordered_set>

#include "ops/program.h"
#include "runtime/fork.h"

namespace tandem::backend::simulation {

/// The programs that a simulated compiler has made kernels of. Two programs have the same kernels if they differ in
/// extents, strides and constants only. Thread safety: any thread.
class compiled_programs {
 public:
  bool contains(const ops::program& what) const;
  /// False if it was there.
  bool add(const ops::program& what);
  void clear() noexcept;

 private:
  mutable runtime::fork_safe_mutex guard_;
  std::unordered_set<std::uint64_t> keys_;
};

}  // namespace tandem::backend::simulation
