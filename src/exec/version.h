#pragma once

#include <string_view>

namespace tandem::exec {

/// Of the library: "0.1.0". Asks nothing of the machine.
std::string_view library_version() noexcept;

}  // namespace tandem::exec
