#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/machine_view.h"

// What batch schedulers grant a job, which they tell it by environment variables.
namespace tandem::runtime {

struct scheduler_grant {
  std::string variable;
  int cores;
};

/// A variable whose value is no number of cores, so that it limits nothing.
struct ignored_variable {
  std::string name;
  std::string value;
  /// What was expected of it.
  std::string reason;
};

struct scheduler_variables {
  std::vector<scheduler_grant> grants;
  std::vector<ignored_variable> ignored;
};

/// SLURM_CPUS_PER_TASK, NSLOTS (Grid Engine), PBS_NP or else NCPUS (PBS), and LSB_DJOB_NUMPROC (LSF), as far as they
/// are set.
scheduler_variables read_scheduler_variables(const machine_view& view);

}  // namespace tandem::runtime
