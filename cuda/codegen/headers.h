#pragma once

#include <span>

namespace tandem::cuda {

/// A header that kernels include by this name, and its text. Both end with a 0 and live as long as the program.
struct header {
  const char* name;
  const char* text;
};

/// All headers that a kernel's text may lead to. Thread safety: any thread.
std::span<const header> headers() noexcept;

}  // namespace tandem::cuda
