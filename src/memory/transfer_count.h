#pragma once

#include <cstdint>

// How often, and how many bytes, storages were copied between memories.
namespace tandem::memory {

void count_to_device(std::int64_t size_bytes) noexcept;
void count_to_host(std::int64_t size_bytes) noexcept;
/// A storage was used where it had been before.
void count_hit() noexcept;

}  // namespace tandem::memory
