#pragma once

#include <cuda_runtime_api.h>

#include <atomic>
#include <mutex>
#include <string>

// One GPU as this process knows it: what it is, and whether it still works.
namespace tandem::cuda {

/// Thread safety: any thread, any function.
class gpu {
 public:
  /// Throws: `device_error`.
  explicit gpu(int index);
  gpu(const gpu&) = delete;
  gpu& operator=(const gpu&) = delete;

  int index() const noexcept { return index_; }
  /// "gpu:0".
  const std::string& name() const noexcept { return name_; }
  /// 90 for compute capability 9.0.
  int architecture() const noexcept { return architecture_; }
  int multiprocessors() const noexcept { return multiprocessors_; }
  /// Whether it can access memory of the host that is not pinned (by heterogeneous memory management, or because it is
  /// on one module with the CPU). It may then do so at any time before a copy is complete.
  bool reads_host_pages() const noexcept { return reads_host_pages_; }

  /// Throws: `device_error` if no call can succeed: it failed, this is a forked child, or the process is ending.
  void require_usable(const char* operation) const;
  bool is_usable() const noexcept;

  /// Does nothing for success. Throws: `out_of_memory`, `device_error`. An error that loses the device marks it failed.
  void check(cudaError_t status, const char* operation) {
    if (status != cudaSuccess) [[unlikely]]
      fail(status, operation);
  }
  /// The same where nothing can be thrown: only marks it failed. Whether it was success.
  bool accept(cudaError_t status, const char* operation) noexcept;

  /// Name of the program that was given to it last, for errors that are noticed later. `name` lives as long as the
  /// process.
  void note_given(const std::string& name) noexcept { last_given_.store(&name, std::memory_order_relaxed); }

 private:
  [[noreturn]] void fail(cudaError_t status, const char* operation);
  void mark_failed(cudaError_t status, const char* operation);

  int index_;
  std::string name_;
  int architecture_ = 0;
  int multiprocessors_ = 0;
  bool reads_host_pages_ = false;
  std::atomic<const std::string*> last_given_{nullptr};
  std::atomic<bool> has_failed_{false};
  mutable std::mutex guard_;
  std::string failure_;
};

/// Makes a GPU the calling thread's current one while it lives, and puts the application's back. What is called
/// meanwhile has no part in captures for CUDA graphs that go on elsewhere in the process: by default those forbid all
/// threads to allocate memory and to query events, and break if one does.
class gpu_scope {
 public:
  /// Throws: `device_error` as `gpu::require_usable`, and if the GPU cannot be made current.
  gpu_scope(gpu& which, const char* operation);
  gpu_scope(const gpu_scope&) = delete;
  gpu_scope& operator=(const gpu_scope&) = delete;
  ~gpu_scope();

 private:
  int before_;
  int during_;
  cudaStreamCaptureMode capture_mode_ = cudaStreamCaptureModeRelaxed;
};

}  // namespace tandem::cuda
