#include "cuda/runtime/gpu_backend.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <utility>
#include <variant>

#include <tandem/errors.h>

#include "cuda/runtime/errors.h"
#include "cuda/runtime/gpu_executable.h"
#include "cuda/runtime/hardware.h"
#include "cuda/runtime/process.h"

namespace tandem::cuda {

namespace {

std::string kernel_folder() {
  const std::string folder = services().cache_folder();
  return folder.empty() ? "" : (std::filesystem::path(folder) / "kernels").string();
}

}  // namespace

gpu_backend::gpu_backend(int index) : where_(index) {
  const gpu_scope scope(where_, "start the GPU");
  memory_ = std::make_unique<gpu_memory>(where_);
  kernels_ = std::make_unique<kernel_store>(where_, kernel_folder());
  end_before_others();  // CUDA is at work now
}

tandem::backend::description gpu_backend::describe() {
  const char* const operation = "describe the GPU";
  const gpu_scope scope(where_, operation);
  cudaDeviceProp properties{};
  where_.check(cudaGetDeviceProperties(&properties, where_.index()), operation);
  int driver = 0;
  int runtime = 0;
  where_.check(cudaDriverGetVersion(&driver), operation);
  where_.check(cudaRuntimeGetVersion(&runtime), operation);
  std::array<char, 32> bus{};
  where_.check(cudaDeviceGetPCIBusId(bus.data(), static_cast<int>(bus.size()), where_.index()), operation);

  tandem::backend::description result;
  result.device = properties.name;
  result.blas.name = "cuBLAS";
  result.facts = {
      {"compute capability", fmt::format("{}.{}", properties.major, properties.minor)},
      {"multiprocessors", fmt::format("{}", properties.multiProcessorCount)},
      {"memory bytes", fmt::format("{}", properties.totalGlobalMem)},
      {"level 2 cache bytes", fmt::format("{}", properties.l2CacheSize)},
      {"driver supports CUDA", version_text(driver)},
      {"CUDA", version_text(runtime)},
      {"UUID", uuid_text(properties.uuid)},
      {"PCIe", bus.data()},
  };
  return result;
}

tandem::backend::hardware_hints gpu_backend::hints() {
  const gpu_scope scope(where_, "ask for the GPU's properties");
  return hints_of(where_);
}

std::string gpu_backend::why_not(const ops::program&) const {
  // Every stage can be lowered. A device that has failed says so itself when it is used.
  return "";
}

// Where kernels are compiled beside the work, others do it meanwhile.
double gpu_backend::cold_us(const ops::program& what) const {
  // Measured for kernels that add and for the start of NVRTC, on a busy core of an AMD EPYC.
  constexpr double kernel_us = 50e3;
  constexpr double start_us = 150e3;
  try {
    if (compile_mode_of_process() != compile_mode::wait) return 0;
    const gpu_scope scope(where_, "look for kernels");
    int missing = 0;
    for (const step& each : lower(what, granularity::fused).steps) {
      const auto* const kernel_launch = std::get_if<launch>(&each);
      if (kernel_launch != nullptr && !kernels_->is_at_hand(kernels_->find(kernel_launch->code))) ++missing;
    }
    return missing > 0 ? missing * kernel_us + (kernels_->has_compiled() ? 0 : start_us) : 0;
  } catch (const error&) {
    return 0;  // whoever prepares the program is told why that cannot be
  }
}

std::shared_ptr<const tandem::backend::executable> gpu_backend::prepare(ops::program what) {
  const gpu_scope scope(where_, "prepare a program");
  const auto make = [&] {
    return std::make_shared<gpu_executable>(what, where_, *kernels_, compile_mode_of_process());
  };
  try {
    return make();
  } catch (const out_of_memory&) {
    // Kernels are loaded into memory that the pool may have taken.
    if (memory_->trim() == 0) throw;
    return make();
  }
}

void gpu_backend::run(const tandem::backend::executable& what, const tandem::backend::arguments& given,
                      const resolved_policy&, std::span<const std::int16_t>, tandem::backend::late_operands* late) {
  const auto& program = static_cast<const gpu_executable&>(what);
  const gpu_scope scope(where_, "run a program");
  program.run(given, late, *memory_);
}

}  // namespace tandem::cuda
