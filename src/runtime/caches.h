#pragma once

#include <cstdint>

namespace tandem::runtime {

/// Size of the largest cache that the system tells of; 32 MiB if it tells of none. Cores, and on a shared machine other
/// systems, share it.
std::int64_t last_level_cache_bytes() noexcept;

/// Size of the largest cache that a core has for itself; 0 if the system does not say. Reads the system's files.
/// Throws: `std::bad_alloc`.
std::int64_t core_cache_bytes();

}  // namespace tandem::runtime
