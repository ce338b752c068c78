#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/cores.h"
#include "support/temporary_folder.h"

// Machines made of files in a temporary folder, and what is to be found on them.
namespace tandem::testing {

using files = std::vector<std::pair<std::string, std::string>>;

/// A machine and its limits.
struct machine_case {
  std::string name;
  /// Path and content. A path that ends in "/" is a folder.
  files has;
  std::vector<int> mask;
  /// What is expected: the permitted cores, which limit decides, and a part of its source.
  int cores;
  std::string decides;
  std::string source;
  std::map<std::string, std::string, std::less<>> variables = {};
  /// How many limits there are, with the affinity mask; 0 if that does not matter.
  std::size_t limits = 0;
};

inline void PrintTo(const machine_case& of, std::ostream* out) { *out << of.name; }

inline std::string name_of(const ::testing::TestParamInfo<machine_case>& of) { return of.param.name; }

/// The numbers from first to last.
inline std::vector<int> range(int first, int last) {
  std::vector<int> numbers;
  for (int number = first; number <= last; ++number) numbers.push_back(number);
  return numbers;
}

inline files operator+(files a, const files& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// A line of mountinfo for version 1, with its controllers, and for version 2.
inline std::string mount_1(const std::string& controllers, const std::string& root, const std::string& point) {
  return "33 25 0:29 " + root + " " + point + " rw,nosuid,nodev shared:10 - cgroup cgroup rw," + controllers + "\n";
}
inline std::string mount_2(const std::string& root, const std::string& point) {
  return "30 24 0:26 " + root + " " + point +
         " rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n";
}

/// The two files by which a process finds its cgroups.
inline files process(const std::string& cgroup, const std::string& mountinfo) {
  return {{"/proc/self/cgroup", cgroup},
          {"/proc/self/mountinfo",
           "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
           "23 22 0:21 / /proc rw,nosuid - proc proc rw\n" +
               mountinfo}};
}

/// The quota of version 1 in a folder.
inline files quota_1(const std::string& folder, const std::string& quota, const std::string& period = "100000") {
  return {{folder + "/cpu.cfs_quota_us", quota + "\n"}, {folder + "/cpu.cfs_period_us", period + "\n"}};
}

/// Files in a folder of its own, as a machine.
class written_machine {
 public:
  explicit written_machine(const machine_case& of) {
    const std::string& folder = folder_.path();
    for (const auto& [path, content] : of.has) {
      if (path.ends_with('/')) {
        std::filesystem::create_directories(folder + path);
        continue;
      }
      std::filesystem::create_directories(std::filesystem::path(folder + path).parent_path());
      std::ofstream file(folder + path, std::ios::binary);
      file << content;
      file.close();
      EXPECT_TRUE(file.good()) << path;
    }
    view.root = folder;
    view.affinity = of.mask;
    view.variable = [variables = of.variables](std::string_view name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
    };
  }
  written_machine(const written_machine&) = delete;
  written_machine& operator=(const written_machine&) = delete;

  runtime::machine_view view;

 private:
  temporary_folder folder_;
};

/// What holds of all limits: one decides, the first of the least; the mask comes first; each has a source.
inline void expect_consistent(const std::vector<core_limit>& limits) {
  ASSERT_FALSE(limits.empty());
  EXPECT_EQ(limits.front().name, "affinity mask");
  const core_limit* least = &limits.front();
  for (const core_limit& each : limits) {
    EXPECT_GE(each.cores, 1) << each.name;
    EXPECT_NE(each.source, "") << each.name;
    if (each.cores < least->cores) least = &each;
  }
  for (const core_limit& each : limits) EXPECT_EQ(each.decides, &each == least) << each.name << " " << each.source;
}

inline void expect_found(const machine_case& of) {
  const written_machine machine(of);
  const std::vector<core_limit> limits = runtime::core_limits(machine.view);
  expect_consistent(limits);
  const auto decides = std::find_if(limits.begin(), limits.end(), [](const core_limit& each) { return each.decides; });
  ASSERT_NE(decides, limits.end());
  EXPECT_EQ(decides->cores, of.cores);
  EXPECT_EQ(decides->name, of.decides);
  EXPECT_NE(decides->source.find(of.source), std::string::npos) << decides->source << "\nhas no " << of.source;
  EXPECT_EQ(decides->source.find(machine.view.root), std::string::npos) << decides->source;
  if (of.limits > 0) {
    EXPECT_EQ(limits.size(), of.limits);
  }
}

}  // namespace tandem::testing
