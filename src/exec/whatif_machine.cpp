#include "exec/whatif_machine.h"

#include <fmt/format.h>
#include <tandem/whatif.h>

#include <string>

#include <tandem/errors.h>

#include "exec/devices.h"
#include "exec/planning.h"
#include "plan/decision_reader.h"

namespace tandem {

namespace exec {

plan::whatif_machine whatif_machine_with(const device& where, const plan::profile& host) {
  if (where.kind() == device::kind::cpu || where.kind() == device::kind::automatic) {
    throw argument_error(
        fmt::format("what-if: '{}' is no device besides the CPU; name one, such as sim:h200", to_string(where)));
  }
  backend::backend& found = backend_of(where);
  return {host,
          {std::string(found.name()), constants_for(found)},
          found.describe().is_simulated,
          found.memory().information().total_bytes};
}

}  // namespace exec

whatif_report whatif(const std::string& log_path, const device& where) {
  plan::decision_reader reader(log_path);
  plan::whatif_accounts accounts(exec::whatif_machine_with(where, reader.header().constants));
  reader.read(accounts);
  return accounts.report();
}

}  // namespace tandem
