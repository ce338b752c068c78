#pragma once

#include <cstddef>
#include <span>

namespace tandem::cuda {

/// Kernels that were compiled with the library, as fat binaries that lie in the module; none where it was built
/// without. Thread safety: any thread.
std::span<const std::byte* const> ready_images() noexcept;

}  // namespace tandem::cuda
