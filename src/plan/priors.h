#pragma once

#include <string>

#include "backend/backend.h"
#include "plan/profile.h"

// Constants that serve before anything was measured: shipped figures of kinds of machines, scaled by what is known of
// the one at hand. Every one is finite and above 0.
namespace tandem::plan {

/// What the system says of a machine's cores.
struct host_facts {
  /// "AMD EPYC 9655 96-Core Processor"; "" if it has no name.
  std::string processor;
  /// The family of an x86 processor; 0 if it is none, or not known.
  int family = 0;
  bool is_arm = false;
  /// That may be used, at least 1, and that the machine has.
  int cores = 1;
  int machine_cores = 1;
  /// Of a core's own largest cache, and of the largest of all; 0 if not known.
  double core_cache_bytes = 0;
  double shared_cache_bytes = 0;
};

/// Of this machine and the calling thread. Thread safety: any thread. Throws: `std::bad_alloc`.
host_facts find_host_facts();

/// Constants of the shipped kind of machine that the facts name, else of the one that is most like it.
/// Thread safety: any thread. Throws: `std::bad_alloc`.
host_profile prior_for(const host_facts& facts);

/// Constants of a device from what is known without measuring; what the hints leave open is from public
/// measurements of data-centre GPUs. Thread safety: any thread. Throws: `std::bad_alloc`.
device_profile prior_for(const backend::hardware_hints& hints);

}  // namespace tandem::plan
