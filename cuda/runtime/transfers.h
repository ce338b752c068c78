#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/runtime/gpu.h"
#include "cuda/runtime/queue.h"
#include "cuda/runtime/staging.h"

namespace tandem::cuda {

/// Copies between the host's memory and a GPU's, on a queue. Pinned memory is copied as it lies. Other memory goes
/// through staging areas block by block, the host's part with several workers and beside the GPU's; up to 64 KiB it is
/// CUDA's own staging that does so, which takes one call. Lives as long as the process. Thread safety: any thread.
class transfers {
 public:
  explicit transfers(gpu& where) noexcept : where_(where), in_(where), out_(where) {}

  /// Returns when `from` has been read. The GPU must be current. Throws: `out_of_memory`, `device_error`.
  void copy_in(const std::byte* from, std::byte* to, std::int64_t size_bytes, queue& on);
  /// Returns when `to` is complete. The GPU must be current. Throws: `out_of_memory`, `device_error`.
  void copy_out(const std::byte* from, std::byte* to, std::int64_t size_bytes, queue& on);

 private:
  bool is_pinned(const std::byte* begin, std::int64_t size_bytes);

  gpu& where_;
  staging_areas in_;
  staging_areas out_;
};

}  // namespace tandem::cuda
