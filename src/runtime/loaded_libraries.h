#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tandem/report.h>

// The OpenMP runtimes and BLAS libraries in the process, and who calls which.
namespace tandem::runtime {

/// What is loaded, as `runtime_facts` has it.
struct process_libraries {
  std::vector<loaded_library> libraries;
  std::vector<served_call> calls;
  /// The program's or library's file that has tandem's own code.
  std::string tandem_file;
  /// Those of the program, of an interpreter in a library and of the users of OpenMP and BLAS that call fork().
  std::vector<std::string> fork_callers;
};

/// Asks libraries only what changes nothing in the process; see `loaded_library::threads`.
/// Thread safety: any thread, while others load and unload libraries.
/// Throws: std::bad_alloc.
process_libraries find_loaded_libraries();

/// Name and API that the name of a file stands for: of "/usr/lib/libgomp.so.1" "libgomp" and "openmp". Both are ""
/// for other files.
struct library_kind {
  std::string_view name;
  std::string_view api;
};
library_kind kind_of(std::string_view file) noexcept;

/// Whether a call makes the threads of an OpenMP runtime work.
bool starts_threads(std::string_view call) noexcept;

}  // namespace tandem::runtime
