#include <string_view>

#include "plan/priors.h"
#include "runtime/caches.h"
#include "runtime/cores.h"
#include "runtime/machine_view.h"
#include "runtime/system.h"

namespace tandem::plan {

namespace {

// "cpu family	: 26", the first of them; 0 if there is none.
int family_of(std::string_view cpuinfo) {
  for (const std::string_view line : runtime::parts_of(cpuinfo, "\n")) {
    if (!line.starts_with("cpu family")) continue;
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return 0;
    return static_cast<int>(runtime::whole_number(runtime::trimmed(line.substr(colon + 1)), 10'000).value_or(0));
  }
  return 0;
}

}  // namespace

host_facts find_host_facts() {
  host_facts found;
  found.processor = runtime::processor_name();
#if defined(__aarch64__) || defined(__arm__)
  found.is_arm = true;
#endif
  // A machine of many processors writes more of this than any other file of its kind.
  constexpr std::size_t most_bytes = std::size_t{64} << 20;
  found.family = family_of(runtime::text_of(runtime::this_machine(), "/proc/cpuinfo", most_bytes).value_or(""));
  found.cores = runtime::permitted_cores();
  found.machine_cores = runtime::online_cores();
  found.core_cache_bytes = static_cast<double>(runtime::core_cache_bytes());
  found.shared_cache_bytes = static_cast<double>(runtime::last_level_cache_bytes());
  return found;
}

}  // namespace tandem::plan
