#include "runtime/cores.h"

#include <sched.h>

#include <algorithm>

namespace tandem::runtime {
int permitted_cores() noexcept {
  cpu_set_t mask;
  return sched_getaffinity(0, sizeof mask, &mask) == 0 ? std::max(CPU_COUNT(&mask), 1) : 1;
}
void forget_core_limits() noexcept {}
}  // namespace tandem::runtime
