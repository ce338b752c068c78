#include "cli/throttling.h"

#include <fmt/format.h>

#include <fstream>
#include <string_view>
#include <vector>

namespace tandem::cli {

namespace {

// The number after nr_throttled in a cpu.stat, which both versions have; nothing if there is none.
std::optional<std::int64_t> throttled_periods(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  std::int64_t number = 0;
  while (file >> word >> number) {
    if (word == "nr_throttled") return number;
  }
  return std::nullopt;
}

bool names_cpu(std::string_view controllers) {
  while (!controllers.empty()) {
    const std::size_t comma = controllers.find(',');
    if (controllers.substr(0, comma) == "cpu") return true;
    if (comma == std::string_view::npos) return false;
    controllers.remove_prefix(comma + 1);
  }
  return false;
}

// Where the groups of a line "NUMBER:CONTROLLERS:/PATH" of /proc/self/cgroup are mounted; nothing if they have no
// quotas. In a container the path may lead nowhere from there; the root, tried last, is then the container's group.
std::vector<std::string> mounts_of(std::string_view number, std::string_view controllers) {
  if (number == "0" && controllers.empty()) return {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
  if (!names_cpu(controllers)) return {};
  return {fmt::format("/sys/fs/cgroup/{}", controllers), "/sys/fs/cgroup/cpu"};
}

}  // namespace

std::optional<throttling> read_throttling() {
  throttling found{0, ""};
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view number = std::string_view(line).substr(0, first);
    const std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    for (const std::string& mount : mounts_of(number, controllers)) {
      const std::string before = found.source;
      for (std::string path = line.substr(second + 1);; path.resize(path.rfind('/'))) {
        if (path == "/") path.clear();
        const std::string stat = fmt::format("{}{}/cpu.stat", mount, path);
        if (const std::optional<std::int64_t> periods = throttled_periods(stat)) {
          found.periods += *periods;
          found.source.append(found.source.empty() ? "" : ", ").append(stat);
        }
        if (path.empty() || path[0] != '/') break;
      }
      if (found.source != before) break;
    }
  }
  if (found.source.empty()) return std::nullopt;
  return found;
}

}  // namespace tandem::cli
