#include "cuda/runtime/gpu_backend.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <utility>

#include <tandem/errors.h>

#include "cuda/runtime/errors.h"
#include "cuda/runtime/gpu_executable.h"
#include "cuda/runtime/process.h"

namespace tandem::cuda {

namespace {

/// "GPU-01234567-89ab-...", as NVIDIA's tools write it.
std::string uuid_text(const cudaUUID_t& uuid) {
  std::string text = "GPU";
  for (std::size_t i = 0; i < sizeof uuid.bytes; ++i) {
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", static_cast<unsigned char>(uuid.bytes[i]));
  }
  return text;
}

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

std::string gpu_backend::why_not(const ops::program&) const {
  // Every stage can be lowered. A device that has failed says so itself when it is used.
  return "";
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

void gpu_backend::run(const tandem::backend::executable& what, std::span<const tandem::backend::operand> operands,
                      const resolved_policy&, std::span<const std::int16_t>) {
  const auto& program = static_cast<const gpu_executable&>(what);
  const gpu_scope scope(where_, "run a program");
  program.run(operands, *memory_);
}

}  // namespace tandem::cuda
