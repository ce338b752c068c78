#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tandem::cli {

/// How often the kernel has stopped this process because its control group had used up its quota of processor time.
struct throttling {
  /// Periods in which it did, summed over the process's group and those above it.
  std::int64_t periods;
  /// The files that say so: "/sys/fs/cgroup/cpu.stat".
  std::string source;
};

/// As the kernel counts now, for control groups of version 1 and 2; nothing if it does not tell.
std::optional<throttling> read_throttling();

}  // namespace tandem::cli
