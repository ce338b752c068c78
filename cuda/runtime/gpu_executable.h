#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "cuda/codegen/lowered.h"
#include "cuda/runtime/compile_mode.h"
#include "cuda/runtime/gemm.h"
#include "cuda/runtime/gpu.h"
#include "cuda/runtime/gpu_memory.h"
#include "cuda/runtime/kernel_store.h"

namespace tandem::cuda {

/// A program as steps for one GPU: fused, and, while those kernels are compiled in the background, in single operations
/// that came with the library.
class gpu_executable final : public backend::executable {
 public:
  /// The GPU must be current. Throws: `device_error`, `policy_error`, `out_of_memory`.
  gpu_executable(ops::program what, gpu& where, kernel_store& kernels, compile_mode mode);

  bool may_write_in_part() const noexcept override;
  std::int64_t temporary_bytes() const noexcept override;
  bool is_settled() const noexcept override { return fused_.is_ready(); }

  /// Gives all steps to the calling thread's queue. `late` is null if all operands are there. The GPU must be current.
  /// Throws: `out_of_memory`, `device_error`; what was given is done then.
  void run(const backend::arguments& given, backend::late_operands* late, gpu_memory& memory) const;

 private:
  /// One way to do the program.
  struct way {
    lowered_program lowered;
    /// For each step its kernel, or null, and its calls of cuBLAS.
    std::vector<stored_kernel*> kernels;
    std::vector<std::vector<gemm>> products;
    bool multiplies = false;
    /// For each step the temporaries that begin and end there.
    std::vector<std::vector<int>> begins;
    std::vector<std::vector<int>> ends;
    std::int64_t temporary_bytes = 0;
    /// The output is touched before the last temporary is allocated.
    bool may_write_in_part = false;

    bool is_ready() const noexcept;
  };

  way make_way(granularity grain);
  const way& choose() const;
  void give(const way& by, const backend::arguments& given, backend::late_operands* late, queue& to,
            gpu_memory& memory) const;
  void launch_kernel(const launch& what, const stored_kernel& code, std::span<std::byte* const> addresses,
                     std::span<const scalar> numbers, queue& to) const;

  gpu& where_;
  kernel_store& kernels_;
  const std::string& name_;
  way fused_;
  std::optional<way> single_;
  mutable std::atomic<bool> is_fused_ready_{false};
};

}  // namespace tandem::cuda
