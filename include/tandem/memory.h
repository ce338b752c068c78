#pragma once

#include <cstdint>

#include <tandem/export.h>

// The host memory of arrays and temporaries. Freed blocks are kept for later arrays of about their size, because new
// pages cost more than most arithmetic on them: the kernel has to find and clear each one.
//
// The environment variable TANDEM_MEMORY_POOL=off switches that off, for tools that watch each allocation; on switches
// it on. Without it, it is on but in builds with the address sanitizer. Any other value is a `policy_error` in the
// first operation that needs memory.
namespace tandem {

/// What the library holds of host memory, in bytes of the sizes that were asked for.
struct memory_statistics {
  /// In arrays and temporaries that are alive.
  std::int64_t in_use_bytes;
  /// The most that was in use since the start or since `reset_peak_host_memory`.
  std::int64_t peak_bytes;
  /// In freed blocks kept for reuse.
  std::int64_t cached_bytes;
  /// Number of blocks taken from the system so far.
  std::int64_t system_allocations;
};

/// The figures at this moment, over all threads. Thread safety: any thread may call these functions.
TANDEM_API memory_statistics host_memory() noexcept;
/// Makes the peak what is in use now.
TANDEM_API void reset_peak_host_memory() noexcept;

/// Gives kept blocks back to the system until at most `keep_bytes` are kept, and returns how many bytes were given
/// back. Up to 128 KiB of small blocks stay with each other thread that has used arrays.
TANDEM_API std::int64_t trim_host_memory(std::int64_t keep_bytes = 0) noexcept;

/// The most bytes that are kept; the least recently freed blocks go first. A quarter of the machine's memory at the
/// start, 0 where keeping is switched off.
TANDEM_API std::int64_t host_memory_cache_limit() noexcept;
/// Changes it, for the whole process; 0 keeps nothing. Throws: `argument_error` if negative.
TANDEM_API void set_host_memory_cache_limit(std::int64_t limit_bytes);

}  // namespace tandem
