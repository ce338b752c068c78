#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tandem/devices.h>
#include <tandem/export.h>
#include <tandem/machine.h>

namespace tandem {

/// An OpenMP runtime or a BLAS library that is loaded in the process.
struct loaded_library {
  /// "libomp", "libgomp", "libiomp5"; "OpenBLAS", "MKL", "BLIS", "FlexiBLAS", "ATLAS", "BLAS" (any other, such as the
  /// reference implementation).
  std::string name;
  /// "openmp" or "blas".
  std::string api;
  /// As the dynamic linker calls it.
  std::string file;
  /// "0.3.21"; "" if the library does not tell.
  std::string version;
  /// What the library says of its build, and the kernels that it chose; "" if it does not tell. OpenBLAS does.
  std::string configuration;
  std::string kernels;
  /// How a BLAS library shares out its work: "sequential", "pthreads", "OpenMP"; "" if it does not tell.
  std::string threading;
  /// How many threads it says that it would use now for a call of this thread. OpenBLAS's OpenMP build takes the number
  /// anew from its OpenMP runtime at each call. None if the library does not tell, or if asking would change the
  /// process: a runtime that nobody uses is not woken for it, and LLVM's and Intel's, which bind the thread that asks,
  /// are not asked where OMP_PROC_BIND, OMP_PLACES or KMP_AFFINITY is set.
  std::optional<int> threads;
  /// OpenMP: some object's parallel regions are run by it. BLAS: some object's products are computed by it.
  bool at_work = false;
};

/// Which library answers a call of an object in the process.
struct served_call {
  /// The function: "__kmpc_fork_call", "GOMP_parallel", "omp_get_max_threads", "cblas_zgemm", ...
  std::string call;
  /// The file of the program or library that calls it.
  std::string user;
  /// The file of the library that the call leads to.
  std::string provider;
};

/// An environment variable that is set.
struct environment_variable {
  std::string name;
  std::string value;
};

/// A field of the policy as text.
struct policy_setting {
  /// As the member of `policy` is called: "workers", "host_memory_bytes".
  std::string name;
  /// "automatic", "4", "gpu:0", "unlimited", ...; "unreadable" if its variable has a value that it cannot have.
  std::string value;
  /// What decided it: "scoped_policy", "set_default_policy", the name of a variable, "default".
  std::string source;
};

/// GPUs, and why the library uses none, if so.
struct gpu_facts {
  /// What the NVIDIA driver says of its version; "" if there is no driver.
  std::string driver;
  /// Device files of NVIDIA GPUs: "/dev/nvidia0".
  std::vector<std::string> devices;
  /// Those that the library can use.
  std::vector<device_info> usable;
  /// "" if there is one.
  std::string why_unused;
};

/// Something about the process that is known to go wrong or to be slow.
struct known_problem {
  /// "two-openmp", "libiomp-and-another", "two-openblas", "openblas-pthreads", "quota-below-threads", "bound-pools",
  /// "libgomp-before-fork", "environment" (a variable with a value that it cannot have), "profile" (a file of constants
  /// that is damaged or of another machine; see `current_profile`), "tandem-info".
  std::string code;
  /// What was found: files and numbers.
  std::string message;
  /// What to do.
  std::string remedy;
};

/// The machine, and what is loaded in this process.
struct runtime_facts {
  tandem::machine machine;
  /// Every field of the calling thread's policy but `progress`.
  std::vector<policy_setting> policy;
  /// The most workers that an evaluation of the calling thread has now; see `workers_of_this_thread`.
  int workers = 1;
  /// In the order of the dynamic linker's list.
  std::vector<loaded_library> libraries;
  /// Calls into OpenMP runtimes and of matrix products, without those from one such library to itself.
  std::vector<served_call> serves;
  /// The variables that thread pools and BLAS libraries heed.
  std::vector<environment_variable> thread_variables;
  gpu_facts gpus;
  std::vector<known_problem> problems;
};

/// What is so now. It finds what libraries and programs that are linked call, not functions that were looked up by name
/// (`dlsym`), as interpreters do.
///
/// With the environment variable TANDEM_INFO=1 the library itself prints this, as text, on standard error when a
/// process first evaluates an expression. "" and "0" are as if it were not set.
/// Thread safety: any thread. Starts no thread and changes no setting of the process.
/// Throws: as `machine_info`.
TANDEM_API runtime_facts runtime_report();

/// The text that `tandem info` prints: lines, each ended.
TANDEM_API std::string to_string(const runtime_facts& facts);

}  // namespace tandem
