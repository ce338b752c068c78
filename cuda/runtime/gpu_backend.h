#pragma once

#include <memory>
#include <string>

#include "backend/backend.h"
#include "cuda/runtime/gpu.h"
#include "cuda/runtime/gpu_memory.h"
#include "cuda/runtime/kernel_store.h"

namespace tandem::cuda {

/// Runs programs on one GPU. Lives as long as the process.
class gpu_backend final : public backend::backend {
 public:
  /// Throws: `device_error` if the GPU cannot be used.
  explicit gpu_backend(int index);

  std::string_view name() const noexcept override { return where_.name(); }
  tandem::backend::description describe() override;
  tandem::backend::hardware_hints hints() override;
  memory::device_memory& memory() noexcept override { return *memory_; }
  std::string why_not(const ops::program& what) const override;
  double cold_us(const ops::program& what) const override;
  std::shared_ptr<const tandem::backend::executable> prepare(ops::program what) override;
  void run(const tandem::backend::executable& what, const tandem::backend::arguments& given,
           const resolved_policy& rules, std::span<const std::int16_t> workers,
           tandem::backend::late_operands* late) override;

 private:
  /// Made current also by those who only ask.
  mutable gpu where_;
  std::unique_ptr<gpu_memory> memory_;
  std::unique_ptr<kernel_store> kernels_;
};

}  // namespace tandem::cuda
