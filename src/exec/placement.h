#pragma once

#include <string_view>

#include <tandem/policy.h>

#include "backend/backend.h"

// What a policy says of where an evaluation is done.
namespace tandem::exec {

/// What is asked of an evaluation, and what it is called in errors.
struct request {
  const resolved_policy& rules;
  std::string_view what;
  /// It is done on the CPU, because the device that the policy prefers could not.
  bool host_only = false;
  /// It was tried somewhere else than on the CPU.
  mutable bool left_host = false;

  bool is_automatic() const noexcept { return !host_only && rules.device.value.kind() == device::kind::automatic; }
};

/// The backend that the policy demands or prefers; the CPU's if it leaves that to the planner, or if the device that it
/// prefers is not there. Throws: `device_error` if a device that is demanded is not there.
backend::backend& wanted(const request& asked);

/// `chosen`, or the CPU's backend if that cannot run the program and the policy does not insist.
/// Throws: `device_error` if it does.
backend::backend& able(backend::backend& chosen, const ops::program& what, const request& asked);

}  // namespace tandem::exec
