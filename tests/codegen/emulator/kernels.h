#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "codegen/emulator/gpu.h"
#include "cuda/codegen/lowered.h"

// Kernel texts compiled for the host, so that what they compute can be seen without a GPU.
namespace tandem::testing {

/// A kernel as a function of the host, with what belongs to the library that it is in.
struct host_kernel {
  void (*call)(const void* words);
  td_emulated_gpu* gpu;
  std::byte* shared_begin;
  std::byte* shared_end;
};

/// Compiled kernels by their names. Thread safety: none.
class host_kernels {
 public:
  /// Compiles the kernels that are missing, many in one translation unit: a test that runs many programs makes all of
  /// them ready at once. What a compiler made of the same text before is kept in the build folder.
  /// Throws: `std::runtime_error` with the compiler's messages.
  void make_ready(std::span<const cuda::lowered_program* const> programs);

  /// Throws: `std::runtime_error` if `make_ready` was not called for it.
  const host_kernel& at(const cuda::kernel& which) const;

 private:
  void compile(std::span<const cuda::kernel* const> kernels);

  std::map<std::string, host_kernel> loaded_;
  std::map<std::string, std::string> keys_;
};

}  // namespace tandem::testing
