#pragma once

#include "backend/backend.h"
#include "backend/simulated/profiles.h"

namespace tandem::backend::simulation {

/// What is known of a machine's device without measuring: the few figures of its profile. Thread safety: any thread.
/// Throws: `std::bad_alloc`.
hardware_hints hints_of(const machine_profile& of);

}  // namespace tandem::backend::simulation
