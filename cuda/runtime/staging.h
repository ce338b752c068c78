#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "cuda/runtime/gpu.h"

// Pinned memory that copies between the host's other memory and a GPU go through, because the GPU reads and writes
// pinned memory only.
namespace tandem::cuda {

/// Two pinned blocks: the GPU copies one while the host copies the other.
struct staging_area {
  static constexpr std::size_t block_bytes = std::size_t{16} << 20;

  struct block {
    std::byte* data = nullptr;
    /// Recorded after the GPU's last copy from or to it.
    cudaEvent_t copied = nullptr;
  };
  std::array<block, 2> blocks;
};

/// Areas of one GPU and one direction, of which a copy takes one for as long as the host has to do with it. Lives as
/// long as the process. Thread safety: any thread.
class staging_areas {
 public:
  /// As many copies run at once; others wait. Two saturate a link, and each area is 32 MiB that cannot be paged out.
  static constexpr std::size_t most = 4;

  explicit staging_areas(gpu& where) noexcept : where_(where) {}
  staging_areas(const staging_areas&) = delete;
  staging_areas& operator=(const staging_areas&) = delete;

  class lease {
   public:
    lease(staging_areas& from, staging_area& area) noexcept : from_(from), area_(area) {}
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;
    ~lease() { from_.give_back(area_); }
    staging_area::block& operator[](std::size_t i) noexcept { return area_.blocks[i]; }

   private:
    staging_areas& from_;
    staging_area& area_;
  };

  /// An area, made if all are taken and there are not too many, else waited for. The GPU may still copy from or to it:
  /// await a block's `copied` before touching the block. The GPU must be current.
  /// Throws: `out_of_memory`, `device_error`.
  lease take();

 private:
  std::unique_ptr<staging_area> make();
  void give_back(staging_area& area) noexcept;

  gpu& where_;
  std::mutex guard_;
  std::condition_variable has_free_;
  std::vector<std::unique_ptr<staging_area>> all_;
  std::vector<staging_area*> free_;
  /// With those that are being made.
  std::size_t count_ = 0;
};

}  // namespace tandem::cuda
