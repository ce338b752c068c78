#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tandem/export.h>

namespace tandem {

/// One of the sets of loops that the library was built with.
struct instruction_set_info {
  /// As the environment variable TANDEM_ISA names it: "x86-64-v2", "avx2", "avx512"; "plain" on other processors.
  std::string name;
  /// This processor, and its operating system, can run it.
  bool usable;
  /// The library runs it.
  bool in_use;
};

/// A shared library that tandem computes with.
struct library_info {
  std::string name;
  /// The file that it was loaded from; "" if that is not known.
  std::string file;
  /// What it says of its own build; "" if it says nothing.
  std::string configuration;
};

/// A kind of device.
struct backend_info {
  /// "cpu", "cuda", "simulated".
  std::string name;
  /// Whether this build of the library has code for it.
  bool built;
};

/// One of the things that limit how many cores the calling thread may use.
struct core_limit {
  /// "affinity mask", "cgroup quota", "cpuset", "scheduler", "performance cores".
  std::string name;
  /// At least 1.
  int cores;
  /// Where it was found: a file and what it says, or a variable and its value.
  std::string source;
  /// It is the least of all, and so the number of permitted cores; of several equal ones the first.
  bool decides;
};

/// What the library was built with, and what it finds on this machine.
struct machine {
  /// Of tandem: "0.1.0".
  std::string version;
  /// As the operating system names it; "" if it does not.
  std::string processor;
  /// Processors that are switched on, and as many of them as the calling thread may use: the default number of workers.
  int cores;
  int permitted_cores;
  /// What limits the latter, the affinity mask first; one of them decides. Files and environment variables count
  /// as they were when the process first needed them.
  std::vector<core_limit> core_limits;
  std::int64_t memory_bytes;
  /// The OpenMP runtime, which says nothing of its build, and OpenBLAS.
  library_info openmp;
  library_info blas;
  /// The most capable last.
  std::vector<instruction_set_info> instruction_sets;
  /// The value of TANDEM_ISA, if it is set.
  std::optional<std::string> wished_instruction_set;
  /// Whether freed blocks of host memory are kept for reuse, and how many bytes at most; see memory.h.
  bool memory_pool_on;
  std::int64_t memory_pool_limit_bytes;
  std::vector<backend_info> backends;
};

/// The machine as it is now. Chooses the instruction set, if no operation has yet.
/// Thread safety: any thread.
/// Throws: `policy_error` if TANDEM_ISA or TANDEM_MEMORY_POOL has a value that it cannot have, or TANDEM_ISA names a
/// set that this processor lacks, `device_error` if the processor has none of the instruction sets, `out_of_memory`.
TANDEM_API machine machine_info();

}  // namespace tandem
