#include "memory/device_memory.h"

#include <fmt/format.h>

#include <chrono>

#include <tandem/errors.h>

#include "memory/replica.h"
#include "memory/storage.h"

namespace tandem::memory {

std::byte* device_memory::allocate(std::int64_t size_bytes) {
  // What was evicted is free when the work that used it is done, for which `trim` waits.
  for (bool was_trimmed = false;; was_trimmed = true) {
    if (std::byte* const block = try_allocate(size_bytes)) return block;
    if (was_trimmed && !evict_one()) break;
    trim();
  }
  const device_memory_information now = information();
  throw out_of_memory(
      fmt::format("{}: cannot allocate {} bytes; of {} bytes, {} are in use by arrays and temporaries whose elements "
                  "are nowhere else or in use by work, and {} are free",
                  name(), size_bytes, now.total_bytes, now.in_use_bytes, now.free_bytes));
}

double device_memory::time_us() noexcept {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::optional<double> device_memory::passed_us(const mark&, const mark&) noexcept { return std::nullopt; }

void device_memory::use_stream(std::uintptr_t stream) {
  if (stream == 0) return;
  throw device_error(
      fmt::format("{}: there are no streams that an application could have; leave policy.stream unset "
                  "for this device",
                  name()));
}

bool device_memory::pin(std::byte*, std::int64_t) noexcept { return false; }
void device_memory::unpin(std::byte*, std::int64_t) noexcept {}

std::int64_t device_memory::spare_bytes() noexcept {
  const std::lock_guard lock(guard_);
  std::int64_t bytes = 0;
  for (const detail::replica* each : replicas_) {
    if (each->is_spare()) bytes += each->size_bytes();
  }
  return bytes;
}

void device_memory::add(detail::replica& made) {
  const std::lock_guard lock(guard_);
  made.place_ = replicas_.insert(replicas_.end(), &made);
}

void device_memory::remove(detail::replica& gone) noexcept {
  const std::lock_guard lock(guard_);
  replicas_.erase(gone.place_);
}

void device_memory::touch(detail::replica& used) noexcept {
  const std::lock_guard lock(guard_);
  replicas_.splice(replicas_.end(), replicas_, used.place_);
}

bool device_memory::evict_one() noexcept {
  std::unique_ptr<detail::replica> gone;
  {
    const std::lock_guard lock(guard_);
    for (detail::replica* each : replicas_) {
      if ((gone = each->of_.give_up(*each))) break;
    }
  }
  // Destroyed without the lock, which it takes.
  return gone != nullptr;
}

}  // namespace tandem::memory
