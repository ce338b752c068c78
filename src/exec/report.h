#pragma once

// The report that the library prints by itself if TANDEM_INFO asks for it.
namespace tandem::exec {

/// Prints the runtime report on standard error, or why there is none, if TANDEM_INFO is neither unset, nor "", nor "0".
/// Changes nothing if it fails.
void print_info() noexcept;

/// The same, at the first call in a process.
inline void print_info_if_asked() noexcept { [[maybe_unused]] static const bool done = (print_info(), true); }

}  // namespace tandem::exec
