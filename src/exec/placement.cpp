#include "exec/placement.h"

#include <fmt/format.h>

#include <string>

#include <tandem/errors.h>

#include "exec/devices.h"

namespace tandem::exec {

namespace {

bool insists(const request& asked) {
  return asked.rules.device.value.kind() != device::kind::automatic &&
         asked.rules.strictness.value == strictness::strict;
}

backend::backend& demanded(const request& asked) {
  try {
    return backend_of(asked.rules.device.value);
  } catch (const device_error& why) {
    if (!insists(asked)) return backend::cpu();
    throw device_error(
        fmt::format("{}: {} is demanded ({}): {}; use device::cpu, or strictness::preferred to let the CPU do it",
                    asked.what, to_string(asked.rules.device.value), to_string(asked.rules.device.layer), why.what()));
  }
}

}  // namespace

backend::backend& wanted(const request& asked) {
  if (asked.host_only || asked.is_automatic() || asked.rules.device.value.kind() == device::kind::cpu) {
    return backend::cpu();
  }
  backend::backend& chosen = demanded(asked);
  asked.left_host = &chosen != &backend::cpu();
  return chosen;
}

backend::backend& able(backend::backend& chosen, const ops::program& what, const request& asked) {
  if (&chosen == &backend::cpu()) return chosen;
  const std::string reason = chosen.why_not(what);
  if (reason.empty()) return chosen;
  if (!insists(asked)) return backend::cpu();
  throw device_error(
      fmt::format("{}: {} is demanded ({}) and cannot do it: {}; use device::cpu, or strictness::preferred to let the "
                  "CPU do it",
                  asked.what, chosen.name(), to_string(asked.rules.device.layer), reason));
}

}  // namespace tandem::exec
