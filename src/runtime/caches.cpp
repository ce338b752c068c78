#include "runtime/caches.h"

#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>

namespace tandem::runtime {

namespace {

// The kernel knows what this machine, virtual or not, has; the C library (glibc 2.36) says 384 MiB where a virtual
// machine on an AMD Zen 5 has 32. 0 if there is no such file.
std::int64_t largest_of_kernel() {
  int highest_level = 0;
  std::int64_t size_bytes = 0;
  for (int index = 0; index < 16; ++index) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    std::ifstream level_file(folder + "level");
    std::ifstream size_file(folder + "size");
    int level = 0;
    std::int64_t kib = 0;  // "32768K"
    if (!(level_file >> level) || !(size_file >> kib) || kib <= 0 || kib > std::int64_t{1} << 32) continue;
    if (level < highest_level) continue;
    highest_level = level;
    size_bytes = kib * 1024;
  }
  return size_bytes;
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
    if (const std::int64_t bytes = largest_of_kernel(); bytes > 0) return bytes;
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

}  // namespace tandem::runtime
