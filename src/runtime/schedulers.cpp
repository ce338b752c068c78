#include "runtime/schedulers.h"

#include <fmt/format.h>

#include <limits>

namespace tandem::runtime {

namespace {

/// Whether the variable gives a limit.
bool read(const machine_view& view, const char* name, scheduler_variables& found) {
  const std::optional<std::string> value = variable_of(view, name);
  if (!value) return false;
  constexpr int most = std::numeric_limits<int>::max();
  const std::optional<std::int64_t> cores = whole_number(*value, most);
  if (cores && *cores > 0) {
    found.grants.push_back({name, static_cast<int>(*cores)});
    return true;
  }
  found.ignored.push_back({name, *value, fmt::format("expected a whole number from 1 to {}", most)});
  return false;
}

}  // namespace

scheduler_variables read_scheduler_variables(const machine_view& view) {
  scheduler_variables found;
  read(view, "SLURM_CPUS_PER_TASK", found);
  read(view, "NSLOTS", found);
  // Both say the same where both are set; NCPUS is such a common name that others may have set it.
  if (!read(view, "PBS_NP", found)) read(view, "NCPUS", found);
  read(view, "LSB_DJOB_NUMPROC", found);
  return found;
}

}  // namespace tandem::runtime
