#pragma once

#include <optional>

namespace tandem::cli {

/// Seconds that the threads of this process have been ready to run but waited for a core, all together, since they
/// began; nothing if the kernel does not tell.
std::optional<double> seconds_waited();

}  // namespace tandem::cli
