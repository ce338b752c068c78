#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <tandem/report.h>

// Combinations of libraries and settings that are known to go wrong or to be slow.
namespace tandem::runtime {

/// What the rules look at.
struct process_facts {
  std::vector<loaded_library> libraries;
  std::vector<served_call> calls;
  std::string tandem_file;
  /// The environment variables that are set, of those in `heeded_variables` and TANDEM_INFO.
  std::map<std::string, std::string> variables;
  int permitted_cores = 1;
  /// The limit "cgroup quota" of the machine's core limits, if there is one.
  std::optional<core_limit> quota;
  /// Workers of tandem where a policy does not say.
  int tandem_workers = 1;
  std::vector<std::string> fork_callers;
  /// The process was made by fork() after the library was loaded.
  bool is_forked_child = false;
};

/// Environment variables that thread pools and BLAS libraries heed.
const std::vector<std::string>& heeded_variables();

/// The problems there are, and nothing else than the facts decides it.
std::vector<known_problem> known_problems(const process_facts& facts);

}  // namespace tandem::runtime
