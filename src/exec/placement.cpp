#include "exec/placement.h"

#include <fmt/format.h>

#include <limits>
#include <string>

#include <tandem/errors.h>

#include "exec/devices.h"

namespace tandem::exec {

namespace {

bool insists(const request& asked) {
  return asked.rules.device.value.kind() != device::kind::automatic &&
         asked.rules.strictness.value == strictness::strict;
}

// Bytes that would have to be copied for work there.
std::int64_t missing_bytes(const memory::device_memory& where, const storages_to_place& storages) {
  std::int64_t bytes = where.is_host() ? 0 : storages.on_host_only_bytes();
  for (const detail::storage* each : storages.of_devices()) {
    if (!each->is_unplaced() && !each->is_on(where)) bytes += each->size_bytes();
  }
  return bytes;
}

backend::backend& where_least_is_missing(const storages_to_place& storages) {
  backend::backend* best = &backend::cpu();
  if (storages.of_devices().empty()) return *best;
  std::int64_t least = missing_bytes(best->memory(), storages);
  for (const detail::storage* each : storages.of_devices()) {
    if (least == 0) break;
    for (const memory::device_memory* where : each->devices()) {
      const std::int64_t missing = missing_bytes(*where, storages);
      if (missing >= least) continue;
      best = &backend_with(*where);
      least = missing;
    }
  }
  return *best;
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

backend::backend& place(const request& asked, const storages_to_place& storages) {
  const device& wanted = asked.rules.device.value;
  if (asked.host_only || wanted.kind() == device::kind::cpu) return backend::cpu();
  backend::backend& chosen =
      wanted.kind() == device::kind::automatic ? where_least_is_missing(storages) : demanded(asked);
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
