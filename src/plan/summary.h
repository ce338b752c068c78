#pragma once

#include <string>

#include "plan/profile.h"

namespace tandem::plan {

/// A profile for readers: lines, each ended. Throws: `std::bad_alloc`.
std::string summary_of(const profile& of);

}  // namespace tandem::plan
