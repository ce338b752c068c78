#pragma once

#include <string>
#include <vector>

#include "gpu/works.h"

namespace bench {

/// The first use of a fused kernel that did not come with the library, in processes of its own: with an empty disk
/// cache, with one that has it, and with compiling in the background. `program` is this program's file.
std::vector<work> first_use_works(const std::string& program);

/// What such a process does: uses a kernel that came with the library, then a fused one, and prints how many
/// microseconds that took. Throws: what tandem throws.
void use_for_the_first_time(const tandem::device& where);

}  // namespace bench
