#include "cli/waiting.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace tandem::cli {

std::optional<double> seconds_waited() {
  std::error_code failed;
  std::int64_t waited_ns = 0;
  bool found = false;
  // Threads that end while they are counted are passed over.
  for (std::filesystem::directory_iterator thread("/proc/self/task", failed), end; !failed && thread != end;
       thread.increment(failed)) {
    std::ifstream file(thread->path() / "schedstat");
    std::int64_t ran = 0;
    std::int64_t waited = 0;
    if (!(file >> ran >> waited)) continue;
    waited_ns += waited;
    found = true;
  }
  if (!found) return std::nullopt;
  return static_cast<double>(waited_ns) * 1e-9;
}

}  // namespace tandem::cli
