#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "cuda/runtime/gpu.h"
#include "cuda/runtime/queue.h"

// Points in the work at which the device notes the time.
namespace tandem::cuda {

/// Events that note the time, kept for the next marks: to make one takes as long as several launches. Lives as long as
/// the process. Thread safety: any thread.
class timing_events {
 public:
  explicit timing_events(gpu& where) noexcept : where_(where) {}
  timing_events(const timing_events&) = delete;
  timing_events& operator=(const timing_events&) = delete;

  gpu& where() const noexcept { return where_; }
  /// The GPU must be current. Throws: `device_error`.
  cudaEvent_t take();
  /// Does not wait, whether the event is reached or not.
  void give_back(cudaEvent_t event) noexcept;

 private:
  gpu& where_;
  std::mutex guard_;
  std::vector<cudaEvent_t> free_;
  std::size_t made_ = 0;
};

/// A mark with an event of its own, which is recorded when the mark is made.
class timed_mark final : public queue_mark {
 public:
  /// The GPU must be current. Throws: `device_error`.
  timed_mark(std::shared_ptr<queue> in, std::uint64_t sequence, timing_events& events)
      : queue_mark(std::move(in), sequence), events_(events), event_(events.take()) {}
  ~timed_mark() override { events_.give_back(event_); }

  /// Of the event, which is the device's last step to the mark.
  bool is_reached() const noexcept override;
  void wait() const override;

  cudaEvent_t event() const noexcept { return event_; }
  /// Microseconds from another mark of the queue to this one, by the device's clock, which counts in half microseconds;
  /// nothing if this one is not reached. Does not wait. The GPU must be current.
  std::optional<double> since_us(const timed_mark& begin) const noexcept;

 private:
  timing_events& events_;
  cudaEvent_t event_;
};

}  // namespace tandem::cuda
