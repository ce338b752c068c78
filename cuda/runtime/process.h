#pragma once

#include <cstdint>

#include "backend/module.h"

// What holds for the whole process: what the library does for the module, and when CUDA must not be called.
namespace tandem::cuda {

/// Keeps what the library does for the module and counts forks from here. Called once, before anything else here.
void open_process(const backend::module_services& services) noexcept;

/// Thread safety: any thread, after `open_process`.
const backend::module_services& services() noexcept;

/// The process is ending: CUDA may be gone already, and the system takes everything back. Thread safety: any thread.
bool is_exiting() noexcept;

/// This is a forked child of the process that opened the module. What its parent has of a device is of no use here, and
/// locks of the module's may be held for ever by threads that are not here. Thread safety: any thread.
bool is_forked_child() noexcept;

/// Whether CUDA may be called: neither of the two above. Thread safety: any thread.
inline bool may_call_cuda() noexcept { return !is_exiting() && !is_forked_child(); }

/// Libraries that were opened, or used for the first time, have asked to be taken apart when the process ends, and
/// those that asked last go first. What this module does at the end it does before all that have asked so far: called
/// after each such first use. Thread safety: any thread.
void end_before_others() noexcept;

/// `stop` runs when the process begins to end, after the flag is set and before static objects are destroyed. At most
/// four. Thread safety: any thread.
void at_exit(void (*stop)() noexcept) noexcept;

}  // namespace tandem::cuda
