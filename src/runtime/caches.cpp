#include "runtime/caches.h"

#include <unistd.h>

namespace tandem::runtime {

std::int64_t last_level_cache_bytes() noexcept {
  static const std::int64_t size = [] {
    constexpr int levels[] = {_SC_LEVEL4_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE, _SC_LEVEL2_CACHE_SIZE};
    for (const int level : levels) {
      const long bytes = ::sysconf(level);
      if (bytes > 0) return static_cast<std::int64_t>(bytes);
    }
    return std::int64_t{32} << 20;
  }();
  return size;
}

}  // namespace tandem::runtime
