#pragma once

#include <cstddef>
#include <cstdint>

// Blocks of host memory, kept when they are freed.
namespace tandem::memory {

/// Alignment of every block: one cache line, and the widest vector register.
inline constexpr std::int64_t block_alignment_bytes = 64;

/// A block for `size_bytes`, not set. Never null.
/// Throws: `out_of_memory`, after giving all kept blocks back to the system has not helped; `policy_error` for a value
/// of TANDEM_MEMORY_POOL that is neither on nor off.
std::byte* allocate_block(std::int64_t size_bytes);
/// Takes it back, with the size that was asked for.
void free_block(std::byte* data, std::int64_t size_bytes) noexcept;

/// What a block for `size_bytes` holds: at most 63 bytes more up to 1 KiB, a quarter more up to 1 MiB, 64 KiB more
/// beyond. Blocks of one capacity are interchangeable.
std::int64_t capacity_for(std::int64_t size_bytes) noexcept;

}  // namespace tandem::memory
