#pragma once

#include <memory>

#include "backend/backend.h"
#include "plan/subject.h"

// The machine that is there, for calibration.
namespace tandem::plan {

/// The cores that the calling thread may use. Everything is to be used by one thread at a time.
std::unique_ptr<host_subject> this_host();

/// A device, by its backend, which must live longer. A simulated one is measured by its own clock, and only with work
/// that this machine's cores can do in its place. Throws: `device_error`, `out_of_memory`.
std::unique_ptr<device_subject> subject_of(backend::backend& device, bool is_simulated);

}  // namespace tandem::plan
