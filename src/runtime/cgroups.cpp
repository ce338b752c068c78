#include "runtime/cgroups.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace tandem::runtime {

namespace {

/// Which cgroups: those of a controller of version 1, or, where that is "", those of version 2.
using hierarchy = std::string_view;
constexpr hierarchy version_2 = "";

struct mount {
  /// The cgroup that is seen at `point`.
  std::string root;
  std::string point;
};

/// Text of /proc/self/mountinfo, where spaces and the like are written as \040.
std::string unescaped(std::string_view text) {
  const auto octal = [](char digit) { return digit >= '0' && digit <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) && octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

bool has_name(std::string_view list, std::string_view name) {
  const std::vector<std::string_view> names = parts_of(list, ",");
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The names on a path; empty if one is "..", which leads out of what can be seen.
std::optional<std::vector<std::string_view>> names_on(std::string_view path) {
  std::vector<std::string_view> names = parts_of(path, "/");
  if (std::find(names.begin(), names.end(), "..") != names.end()) return std::nullopt;
  return names;
}

/// What the kernel says of the cgroups of the process.
struct cgroup_files {
  std::string cgroup;
  std::string mountinfo;
};

/// The path of the process's cgroup, from a line such as "4:cpu,cpuacct:/a/b" or "0::/a/b".
std::optional<std::string> own_path(const cgroup_files& files, hierarchy of) {
  for (const std::string_view line : parts_of(files.cgroup, "\n")) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    if (of == version_2 ? controllers.empty() && line.starts_with("0:") : has_name(controllers, of)) {
      return std::string(line.substr(second + 1));
    }
  }
  return std::nullopt;
}

/// A line such as "36 35 0:30 /root /point rw,nosuid shared:1 - cgroup cgroup rw,cpu,cpuacct".
std::optional<mount> read_mount(std::string_view line, hierarchy of) {
  const std::vector<std::string_view> fields = parts_of(line, " ");
  const auto dash = std::find(fields.begin() + std::min<std::ptrdiff_t>(6, std::ssize(fields)), fields.end(), "-");
  // The device, between the kind and the options, may have no name.
  if (fields.end() - dash < 3) return std::nullopt;
  if (of == version_2 ? dash[1] != "cgroup2" : dash[1] != "cgroup" || !has_name(fields.back(), of)) return std::nullopt;
  if (!fields[3].starts_with('/') || !fields[4].starts_with('/')) return std::nullopt;
  return mount{unescaped(fields[3]), unescaped(fields[4])};
}

/// What is below a mount's root of the path to the process's cgroup; empty if the path is not below it.
std::optional<std::vector<std::string_view>> below_root(const mount& mounted, std::string_view path) {
  std::optional<std::vector<std::string_view>> names = names_on(path);
  const std::optional<std::vector<std::string_view>> root = names_on(mounted.root);
  if (!names || !root || root->size() > names->size()) return std::nullopt;
  if (!std::equal(root->begin(), root->end(), names->begin())) return std::nullopt;
  names->erase(names->begin(), names->begin() + std::ssize(*root));
  return names;
}

/// The mounts that show cgroups of the hierarchy, without those that another one hides.
std::vector<mount> mounts_of(const cgroup_files& files, hierarchy of) {
  std::vector<mount> mounts;
  for (const std::string_view line : parts_of(files.mountinfo, "\n")) {
    std::optional<mount> found = read_mount(line, of);
    if (!found) continue;
    std::erase_if(mounts, [&](const mount& before) { return before.point == found->point; });
    mounts.push_back(std::move(*found));
  }
  return mounts;
}

/// The folders of the process's cgroup and of those around it, the innermost first, in the mount that shows most of
/// them. The path to the cgroup may lead out of what is mounted: a container may be told its path on the host, and have
/// only its own cgroup mounted. Then what is mounted is all that is known of its cgroups.
std::vector<std::string> own_folders(const cgroup_files& files, hierarchy of) {
  const std::optional<std::string> path = own_path(files, of);
  if (!path) return {};
  std::optional<std::string> point;
  std::optional<std::vector<std::string_view>> names;
  for (const mount& each : mounts_of(files, of)) {
    std::optional<std::vector<std::string_view>> below = below_root(each, *path);
    if (point && !(below && (!names || below->size() > names->size()))) continue;
    point = each.point;
    names = std::move(below);
  }
  if (!point) return {};
  std::string folder = *point == "/" ? "" : *point;
  std::vector<std::string> folders{folder};
  if (names) {
    for (const std::string_view name : *names) folders.push_back(folder += fmt::format("/{}", name));
  }
  std::reverse(folders.begin(), folders.end());
  return folders;
}

std::optional<int> whole_cores(std::string_view quota, std::string_view period) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::optional<std::int64_t> granted = whole_number(quota, most);
  const std::optional<std::int64_t> of = whole_number(period, most);
  if (!granted || !of || *granted == 0 || *of == 0) return std::nullopt;
  return static_cast<int>(std::clamp<std::int64_t>(*granted / *of, 1, std::numeric_limits<int>::max()));
}

void add_quotas_of_version_1(const machine_view& view, const cgroup_files& files, std::vector<cgroup_quota>& quotas) {
  for (const std::string& folder : own_folders(files, "cpu")) {
    const std::string path = folder + "/cpu.cfs_quota_us";
    const std::optional<std::string> quota = text_of(view, path);
    const std::optional<std::string> period = text_of(view, folder + "/cpu.cfs_period_us");
    if (!quota || !period) continue;
    if (const std::optional<int> cores = whole_cores(trimmed(*quota), trimmed(*period))) {
      quotas.push_back({*cores, fmt::format("{}: {}, cpu.cfs_period_us: {}", path, trimmed(*quota), trimmed(*period))});
    }
  }
}

void add_quotas_of_version_2(const machine_view& view, const cgroup_files& files, std::vector<cgroup_quota>& quotas) {
  for (const std::string& folder : own_folders(files, version_2)) {
    const std::string path = folder + "/cpu.max";
    const std::optional<std::string> text = text_of(view, path);
    const std::vector<std::string_view> words = text ? parts_of(*text, " \n") : std::vector<std::string_view>();
    if (words.size() != 2) continue;
    if (const std::optional<int> cores = whole_cores(words[0], words[1])) {
      quotas.push_back({*cores, fmt::format("{}: {} {}", path, words[0], words[1])});
    }
  }
}

/// `names` are those of files that say the same, the best first.
void add_nearest_cpuset(const machine_view& view, const std::vector<std::string>& folders,
                        std::initializer_list<std::string_view> names, std::vector<cgroup_cpuset>& cpusets) {
  for (const std::string& folder : folders) {
    for (const std::string_view name : names) {
      const std::string path = fmt::format("{}/{}", folder, name);
      const std::optional<std::string> text = text_of(view, path);
      std::optional<processor_mask> processors = text ? read_processors(*text) : std::nullopt;
      if (!processors || count_of(*processors) == 0) continue;
      cpusets.push_back({std::move(*processors), fmt::format("{}: {}", path, trimmed(*text))});
      return;
    }
  }
}

}  // namespace

cgroup_limits find_cgroup_limits(const machine_view& view) {
  std::optional<std::string> cgroup = text_of(view, "/proc/self/cgroup");
  // A host of many containers has thousands of mounts.
  std::optional<std::string> mountinfo = text_of(view, "/proc/self/mountinfo", std::size_t{64} << 20);
  if (!cgroup || !mountinfo) return {};
  const cgroup_files files{std::move(*cgroup), std::move(*mountinfo)};
  cgroup_limits found;
  add_quotas_of_version_2(view, files, found.quotas);
  add_quotas_of_version_1(view, files, found.quotas);
  add_nearest_cpuset(view, own_folders(files, version_2), {"cpuset.cpus.effective"}, found.cpusets);
  // Old kernels have only the second, from which others make the first.
  add_nearest_cpuset(view, own_folders(files, "cpuset"), {"cpuset.effective_cpus", "cpuset.cpus"}, found.cpusets);
  return found;
}

}  // namespace tandem::runtime
