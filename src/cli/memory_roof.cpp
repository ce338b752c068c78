#include "cli/memory_roof.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/policy.h>

namespace tandem::cli {

namespace {

std::int64_t last_level_cache_bytes() {
  constexpr std::int64_t if_unknown = std::int64_t{32} << 20;
  const std::int64_t found = std::max(sysconf(_SC_LEVEL2_CACHE_SIZE), sysconf(_SC_LEVEL3_CACHE_SIZE));
  return found > 0 ? found : if_unknown;
}

}  // namespace

std::int64_t roof_bytes(std::int64_t moved_bytes, std::int64_t memory_bytes) {
  return std::min({moved_bytes, 4 * last_level_cache_bytes(), memory_bytes / 8});
}

simplest_work::simplest_work(std::int64_t bytes, int workers)
    : from_(empty({std::max<std::int64_t>(1, bytes / (2 * item_size(dtype::float64)))})), to_(empty(from_.shape())) {
  policy rules;
  rules.workers = workers;
  from_.assign(1.0, rules);
  to_.assign(1.0, rules);
}

double simplest_work::seconds(int workers, int times) const {
  policy rules;
  rules.workers = workers;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) eval(from_ + 1.0, to_, rules);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace tandem::cli
