#include "cuda/runtime/why_none.h"

#include <fmt/format.h>

#include "cuda/runtime/errors.h"

namespace tandem::cuda {

std::string why_none(cudaError_t status, int count, int driver, int runtime, const char* visible) {
  if (status == cudaSuccess && count > 0) return "";
  const std::string hidden =
      visible == nullptr ? "" : fmt::format("; CUDA_VISIBLE_DEVICES is '{}', which may hide them", visible);
  if (status == cudaErrorNoDevice || (status == cudaSuccess && count == 0)) {
    return fmt::format("the NVIDIA driver finds no GPU{}", hidden);
  }
  if (status == cudaErrorInsufficientDriver && driver > 0) {
    return fmt::format(
        "the NVIDIA driver supports CUDA up to {}, and tandem was built with CUDA {}; install a newer driver",
        version_text(driver), version_text(runtime));
  }
  if (driver == 0) {
    return "there is no NVIDIA driver: its library libcuda.so.1 cannot be opened";
  }
  return fmt::format("the NVIDIA driver cannot be used ({}){}", describe(status), hidden);
}

}  // namespace tandem::cuda
