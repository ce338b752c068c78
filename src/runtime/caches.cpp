#include "runtime/caches.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <string>

namespace tandem::runtime {

namespace {

// Sizes by level, of caches for data; 0 where there is none.
using sizes_by_level = std::array<std::int64_t, 5>;

// The kernel knows what this machine, virtual or not, has; the C library (glibc 2.36) says 384 MiB where a virtual
// machine on an AMD Zen 5 has 32.
sizes_by_level sizes_of_kernel() {
  sizes_by_level sizes{};
  for (int index = 0; index < 16; ++index) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    std::ifstream level_file(folder + "level");
    std::ifstream size_file(folder + "size");
    std::ifstream type_file(folder + "type");
    std::size_t level = 0;
    std::int64_t kib = 0;  // "32768K"
    std::string type;      // "Data", "Instruction", "Unified"
    if (!(level_file >> level) || !(size_file >> kib) || kib <= 0 || kib > std::int64_t{1} << 32) continue;
    if (level >= sizes.size() || (type_file >> type && type == "Instruction")) continue;
    sizes[level] = std::max(sizes[level], kib * 1024);
  }
  return sizes;
}

std::int64_t largest_of_library() noexcept {
  constexpr int levels[] = {_SC_LEVEL4_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE, _SC_LEVEL2_CACHE_SIZE};
  for (const int level : levels) {
    const long bytes = ::sysconf(level);
    if (bytes > 0) return bytes;
  }
  return 0;
}

std::int64_t find() noexcept {
  constexpr std::int64_t usual = std::int64_t{32} << 20;
  try {
    const sizes_by_level sizes = sizes_of_kernel();
    for (std::size_t level = sizes.size(); level-- > 0;) {
      if (sizes[level] > 0) return sizes[level];
    }
  } catch (...) {  // no memory for a file's name
  }
  const std::int64_t bytes = largest_of_library();
  return bytes > 0 ? bytes : usual;
}

}  // namespace

std::int64_t last_level_cache_bytes() noexcept {
  // Two threads may both find it; a child forked meanwhile need not wait for either.
  static constinit std::atomic<std::int64_t> found{0};
  std::int64_t size_bytes = found.load(std::memory_order_relaxed);
  if (size_bytes == 0) found.store(size_bytes = find(), std::memory_order_relaxed);
  return size_bytes;
}

std::int64_t core_cache_bytes() {
  const sizes_by_level sizes = sizes_of_kernel();
  // Of three levels the third is shared; of two, cores of many processors share the second.
  if (sizes[3] > 0 && sizes[2] > 0) return sizes[2];
  if (sizes[1] > 0 && sizes[2] > 0) return sizes[1];
  return 0;
}

}  // namespace tandem::runtime
