#pragma once

#include <string>
#include <string_view>

#include <tandem/device.h>

#include "backend/backend.h"

// Which backend runs the work of a device.
namespace tandem::exec {

/// The backend of a device that is not `automatic`. Opens what it needs when it is first asked for.
/// Thread safety: any thread. Throws: `device_error` if the device is not there, with the reason.
backend::backend& backend_of(const device& where);

/// The device whose memory this is, of those that `backend_of` has given.
backend::backend& backend_with(const memory::device_memory& memory) noexcept;

/// GPUs that can be used; 0 has a reason. Thread safety: any thread.
int gpu_count() noexcept;
std::string why_no_gpu();
/// Whether the part of the library that has the code for GPUs is there.
bool has_code_for_gpus();

}  // namespace tandem::exec
