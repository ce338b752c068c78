#pragma once

#include <string>
#include <vector>

#include "runtime/machine_view.h"
#include "runtime/processors.h"

// What Linux's cgroups, of version 1, version 2 or both, grant the process.
namespace tandem::runtime {

struct cgroup_quota {
  /// Processor time in a time, rounded down; at least 1.
  int cores;
  /// The file, and what it says.
  std::string source;
};

struct cgroup_cpuset {
  processor_mask processors;
  std::string source;
};

struct cgroup_limits {
  /// The quotas of the process's cgroup and of those that it is in, up to what is mounted, the innermost first: all
  /// hold at once. A quota that is no number, or is not positive, is none.
  std::vector<cgroup_quota> quotas;
  /// The processors of the process's cgroup, or of the nearest around it that says which it has: at most one for each
  /// version.
  std::vector<cgroup_cpuset> cpusets;
};

/// Files that cannot be read, or do not say what they should, limit nothing.
cgroup_limits find_cgroup_limits(const machine_view& view);

}  // namespace tandem::runtime
