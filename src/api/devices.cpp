#include <tandem/devices.h>

#include <fmt/format.h>

#include <utility>

#include <tandem/errors.h>
#include <tandem/ndarray.h>

#include "exec/devices.h"
#include "memory/storage.h"

namespace tandem {

namespace {

using detail::storage;

backend::backend& named_backend(const device& where, std::string_view what) {
  if (where.kind() == device::kind::automatic) {
    throw argument_error(
        fmt::format("{}: device::automatic is no device; expected device::cpu, device::gpu(N) or "
                    "device::simulated(NAME)",
                    what));
  }
  return exec::backend_of(where);
}

// What one device has goes to another one by way of the host, which who follows the application is told as a reading.
// Returns when the elements have been read from host memory, with a mark for when they are there.
memory::mark_ptr bring(storage& what, memory::device_memory& where) {
  const bool was_on_host = what.is_on_host();
  detail::device_use use(what, where, detail::access::read);
  memory::mark_ptr there = where.make_mark();
  use.given(there);
  if (!was_on_host && what.is_on_host()) what.data();
  return there;
}

}  // namespace

ndarray ndarray::to(const device& where) const {
  memory::device_memory& memory = named_backend(where, "to").memory();
  if (memory.is_host()) {
    storage_->data();
    return *this;
  }
  bring(*storage_, memory)->wait();
  return *this;
}

void ndarray::prefetch(const device& where) const {
  memory::device_memory& memory = named_backend(where, "prefetch").memory();
  if (memory.is_host()) {
    storage_->data();
    return;
  }
  bring(*storage_, memory);
}

bool ndarray::is_on(const device& where) const {
  if (where.kind() == device::kind::cpu) return storage_->is_on_host();
  if (!storage_->may_be_on_device() && where.kind() != device::kind::automatic) return false;
  try {
    return storage_->is_on(named_backend(where, "is_on").memory());
  } catch (const device_error&) {
    return false;
  }
}

int gpu_count() noexcept { return exec::gpu_count(); }

device_info describe(const device& which) {
  backend::description found = named_backend(which, "describe").describe();
  return {which, std::move(found.device), found.is_simulated, std::move(found.facts)};
}

device_memory_statistics device_memory(const device& which) {
  const memory::device_memory_information now = named_backend(which, "device_memory").memory().information();
  return {now.total_bytes, now.free_bytes, now.in_use_bytes, now.peak_bytes, now.cached_bytes};
}

std::int64_t trim_device_memory(const device& which) {
  return named_backend(which, "trim_device_memory").memory().trim();
}

void synchronize(const device& which) { named_backend(which, "synchronize").memory().synchronize(); }

}  // namespace tandem
