#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "cuda/runtime/block_pool.h"
#include "cuda/runtime/gpu.h"
#include "cuda/runtime/queue.h"
#include "cuda/runtime/timed_mark.h"
#include "cuda/runtime/transfers.h"
#include "memory/device_memory.h"

namespace tandem::cuda {

/// A GPU's memory as storages use it. Lives as long as the process.
class gpu_memory final : public memory::device_memory {
 public:
  /// The GPU must be current. Throws: `device_error`.
  explicit gpu_memory(gpu& where) : where_(where), pool_(where), queues_(where), transfers_(where), timing_(where) {}

  std::string_view name() const noexcept override { return where_.name(); }
  void release(std::byte* block, std::int64_t size_bytes, std::span<const memory::mark_ptr> uses) noexcept override;
  void copy_in(const std::byte* from, std::byte* to, std::int64_t size_bytes) override;
  void copy_out(const std::byte* from, std::byte* to, std::int64_t size_bytes) override;
  memory::mark_ptr make_mark() override;
  memory::mark_ptr make_timed_mark() override;
  std::optional<double> passed_us(const memory::mark& begin, const memory::mark& end) noexcept override;
  void await(const memory::mark& point) override;
  void synchronize() override;
  bool begin_copies() override;
  void end_copies() noexcept override { queues_.end_copies(); }
  void use_stream(std::uintptr_t stream) override;
  bool pin(std::byte* begin, std::int64_t size_bytes) noexcept override;
  void unpin(std::byte* begin, std::int64_t size_bytes) noexcept override;
  memory::device_memory_information information() override;
  std::int64_t trim() noexcept override;

  /// The calling thread's queue. The GPU must be current. Throws: `device_error`.
  queue& current_queue() { return queues_.current(); }

 protected:
  std::byte* try_allocate(std::int64_t size_bytes) override;

 private:
  gpu& where_;
  block_pool pool_;
  queues queues_;
  transfers transfers_;
  timing_events timing_;
};

}  // namespace tandem::cuda
