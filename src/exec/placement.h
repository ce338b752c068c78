#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <tandem/policy.h>

#include "backend/backend.h"
#include "memory/storage.h"

// Where an evaluation is done.
namespace tandem::exec {

/// What is asked of an evaluation, and what it is called in errors.
struct request {
  const resolved_policy& rules;
  std::string_view what;
  /// It is done on the CPU, because the device that the policy prefers could not.
  bool host_only = false;
  /// It was tried somewhere else than on the CPU.
  mutable bool left_host = false;
};

/// The storages that an evaluation reads and writes, as far as they decide where it is done: those that a device may
/// have.
class storages_to_place {
 public:
  void add(const detail::storage& used) {
    if (used.may_be_on_device()) {
      of_devices_.push_back(&used);
    } else if (!used.is_unplaced()) {
      on_host_only_bytes_ += used.size_bytes();
    }
  }
  const std::vector<const detail::storage*>& of_devices() const noexcept { return of_devices_; }
  /// Bytes of the others.
  std::int64_t on_host_only_bytes() const noexcept { return on_host_only_bytes_; }

 private:
  std::vector<const detail::storage*> of_devices_;
  std::int64_t on_host_only_bytes_ = 0;
};

/// The backend that the policy demands or prefers; with `automatic`, the one where the fewest bytes have to be copied,
/// of several the CPU. Throws: `device_error` if a device that is demanded is not there.
backend::backend& place(const request& asked, const storages_to_place& storages);

/// `chosen`, or the CPU's backend if that cannot run the program and the policy does not insist.
/// Throws: `device_error` if it does.
backend::backend& able(backend::backend& chosen, const ops::program& what, const request& asked);

}  // namespace tandem::exec
