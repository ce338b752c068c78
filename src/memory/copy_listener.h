#pragma once

#include <atomic>
#include <cstdint>

// Who wants to know how long copies between the host and devices take.
namespace tandem::memory {

class device_memory;

/// A storage was copied to the host. Called by the thread that copied, with locks of the storage's held: it must do
/// next to nothing.
using copy_listener = void (*)(device_memory& from, bool is_pinned, std::int64_t size_bytes, double us) noexcept;

/// Null if nobody wants to know. Thread safety: any thread.
inline std::atomic<copy_listener> copies_to_host{nullptr};

/// Shorter copies are not measured.
inline constexpr std::int64_t least_measured_bytes = std::int64_t{1} << 18;

}  // namespace tandem::memory
