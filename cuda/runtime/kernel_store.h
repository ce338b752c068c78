#pragma once

#include <cuda_runtime_api.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cuda/codegen/lowered.h"
#include "cuda/runtime/compiler.h"
#include "cuda/runtime/disk_cache.h"
#include "cuda/runtime/gpu.h"

namespace tandem::cuda {

/// A kernel on one GPU, which may have to be compiled first. Lives as long as the process.
/// Thread safety: `is_ready` any thread; what follows, when that is true.
class stored_kernel {
 public:
  bool is_ready() const noexcept { return is_ready_.load(std::memory_order_acquire); }
  cudaKernel_t handle() const noexcept { return handle_; }
  /// How many of its blocks run at once on the whole GPU, at least 1.
  std::int64_t blocks_at_once() const noexcept { return blocks_at_once_; }

 private:
  friend class kernel_store;

  enum class state : std::uint8_t { absent, compiling, ready, failed };

  std::shared_ptr<const kernel> what_;
  state state_ = state::absent;
  /// Why it does not compile.
  std::string failure_;
  cudaKernel_t handle_ = nullptr;
  std::int64_t blocks_at_once_ = 1;
  std::atomic<bool> is_ready_{false};
};

/// The kernels of one GPU: those that came with the library, those that earlier processes left on disk, and those that
/// are compiled. Lives as long as the process. Thread safety: any thread.
class kernel_store {
 public:
  /// `folder` is the disk cache's, "" for none.
  kernel_store(gpu& where, std::string folder) : where_(where), cache_(std::move(folder)) {}
  kernel_store(const kernel_store&) = delete;
  kernel_store& operator=(const kernel_store&) = delete;

  /// The kernel, ready if nothing has to be compiled for that. The GPU must be current. Throws: `device_error`.
  stored_kernel& find(const std::shared_ptr<const kernel>& what);
  /// Whether nothing has to be compiled to make it ready: it is, or an earlier process left it on disk.
  /// Throws: `device_error` if there is no compiler.
  bool is_at_hand(const stored_kernel& which);
  /// Whether a kernel was compiled here, which takes longer the first time.
  bool has_compiled() const noexcept { return has_compiled_.load(std::memory_order_relaxed); }
  /// Makes it ready: compiles it, or waits for a thread that does. The GPU must be current.
  /// Throws: `device_error` with what the compiler says, `out_of_memory`.
  void require(stored_kernel& which);
  /// Has it compiled in the background, unless it is ready or about to be. The first time, waits until the compiler has
  /// started. Throws: `device_error` if that was tried and failed, `std::system_error` if there can be no thread.
  void request(stored_kernel& which);

 private:
  const compiler& compiler_locked();
  bool load_ready_locked(stored_kernel& which);
  void start_compiler_for(const stored_kernel& which);
  std::exception_ptr make(stored_kernel& which) noexcept;
  void make_or_throw(stored_kernel& which);
  void load(stored_kernel& which, const std::string& code);
  void adopt(stored_kernel& which, cudaKernel_t handle, int blocks) noexcept;

  gpu& where_;
  std::mutex guard_;
  std::condition_variable has_finished_;
  std::atomic<bool> has_compiled_{false};
  std::unordered_map<std::string, std::unique_ptr<stored_kernel>> by_key_;
  /// Of the fat binaries, loaded when a kernel is first looked for.
  std::optional<std::vector<cudaLibrary_t>> ready_;
  std::unique_ptr<const compiler> compiler_;
  disk_cache cache_;
};

}  // namespace tandem::cuda
