#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

// Inside of the stand-in. Whoever calls has the lock, but where something else is said.
namespace tandem::testing::stand_in {

/// All of the stand-in is used by one thread at a time.
std::recursive_mutex& guard();

/// A point in a stream.
struct record {
  cudaStream_t in = nullptr;
  bool is_reached = false;
  /// By the stream's own clock.
  double time_ms = 0;
};

/// A call of a function of CUDA: takes the lock, counts the call, and has the failure that was asked for.
class call {
 public:
  explicit call(const char* function);
  /// What the function must return at once; success if it may go on.
  cudaError_t failure() const noexcept { return failure_; }

 private:
  std::lock_guard<std::recursive_mutex> lock_;
  cudaError_t failure_;
};

/// Keeps it as the calling thread's last error, as CUDA's functions do, and returns it.
cudaError_t failed(cudaError_t status) noexcept;

/// The stream of a handle, which may stand for the default streams.
cudaStream_t resolve(cudaStream_t handle);
/// Work for a stream, which takes so long by the stream's clock. A failure of it is one of the device.
inline constexpr double piece_ms = 0.25;
void give(cudaStream_t stream, std::function<void()> work, double takes_ms = piece_ms);
/// Does the stream's work until the point is reached, or all of it.
void drain(cudaStream_t stream, const record* until = nullptr);
void drain_all();
/// How many pieces of work the stream was given, and how many of them are done.
std::uint64_t given(cudaStream_t stream);
std::uint64_t done(cudaStream_t stream);

/// Whether an application captures a stream, which forbids the calling thread what it forbids all that have not said
/// otherwise.
bool is_forbidden();
/// Whether copies read the host's memory when they are done, also where it is not pinned.
bool reads_host_pages();

/// Whether the whole range is pinned memory of ours.
bool is_pinned(const void* begin, std::size_t size);

}  // namespace tandem::testing::stand_in

#define TANDEM_STAND_IN_CALL                                 \
  const tandem::testing::stand_in::call this_call(__func__); \
  if (this_call.failure() != cudaSuccess) return this_call.failure()

#define TANDEM_STAND_IN_FORBIDDEN_IN_CAPTURES \
  if (tandem::testing::stand_in::is_forbidden()) return failed(cudaErrorStreamCaptureUnsupported)
