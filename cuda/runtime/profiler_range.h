#pragma once

#include <nvtx3/nvToolsExt.h>

namespace tandem::cuda {

/// A named stretch of time in NVIDIA's profilers. Costs a test of a pointer where none is at work.
class profiler_range {
 public:
  explicit profiler_range(const char* name) noexcept { nvtxRangePushA(name); }
  profiler_range(const profiler_range&) = delete;
  profiler_range& operator=(const profiler_range&) = delete;
  ~profiler_range() { nvtxRangePop(); }
};

}  // namespace tandem::cuda
