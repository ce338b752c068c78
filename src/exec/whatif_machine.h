#pragma once

#include <tandem/device.h>

#include "plan/profile.h"
#include "plan/whatif.h"

namespace tandem::exec {

/// A host with a device, which need not be a candidate: its constants are those that were calibrated here, or what it
/// says of itself. Throws: `argument_error` for the CPU and `device::automatic`, `device_error` if there is none.
plan::whatif_machine whatif_machine_with(const device& where, const plan::profile& host);

}  // namespace tandem::exec
