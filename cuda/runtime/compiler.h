#pragma once

#include <span>
#include <string>
#include <vector>

#include "cuda/codegen/lowered.h"

// Kernels' texts to code for one architecture, by NVRTC.
namespace tandem::cuda {

/// What NVRTC makes for a GPU of an architecture (90 for compute capability 9.0).
struct compile_target {
  /// The architecture that it compiles for.
  int architecture;
  /// Machine code; otherwise PTX, which the driver translates for a GPU that is newer than NVRTC.
  bool is_machine_code;
};

/// Machine code if `supported` has the architecture, else PTX of the newest that is older.
/// Throws: `device_error` if all are newer.
compile_target target_for(int architecture, std::span<const int> supported);

/// Thread safety: any thread.
class compiler {
 public:
  /// Throws: `device_error` if NVRTC is missing or does not know such GPUs.
  explicit compiler(int architecture);

  /// All that decides what `compile` makes of a text. Texts that differ have ones that differ.
  std::string identity(const std::string& text) const;
  /// A cubin, or PTX and a 0. `name` is for errors. Throws: `device_error` with what the compiler says.
  std::string compile(const std::string& name, const std::string& text) const;

  /// Has NVRTC make what it keeps until the process ends, which it makes when it first compiles: a process that ends
  /// while another thread compiles for the first time would take that apart under its hands. 0.1 to 0.2 s once a
  /// process (two busy cores of an AMD EPYC), then nothing. Throws: `device_error`.
  void start() const;

  compile_target target() const noexcept { return target_; }

 private:
  compile_target target_;
  std::vector<std::string> options_;
  /// Of the compiler, the options and the headers.
  std::string surroundings_;
};

}  // namespace tandem::cuda
