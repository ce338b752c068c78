#include "backend/module.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

#include <tandem/errors.h>
#include <tandem/export.h>

#include "cuda/runtime/gpu_backend.h"
#include "cuda/runtime/process.h"
#include "cuda/runtime/why_none.h"

namespace tandem::cuda {

namespace {

class cuda_module final : public backend::module {
 public:
  int device_count() noexcept override {
    std::call_once(counted_, [this] { count(); });
    return count_;
  }

  std::string why_none() const override { return why_none_; }

  backend::backend& device(int index) override {
    if (index < 0 || index >= device_count()) {
      throw device_error(fmt::format("gpu:{}: there is no such device; {}", index,
                                     count_ == 0 ? why_none_ : fmt::format("this process sees {} of them", count_)));
    }
    const std::lock_guard lock(guard_);
    std::unique_ptr<gpu_backend>& place = devices_[static_cast<std::size_t>(index)];
    if (place == nullptr) place = std::make_unique<gpu_backend>(index);
    return *place;
  }

 private:
  void count() noexcept {
    try {
      if (is_forked_child()) {
        why_none_ = "this process was forked by one that may have used a GPU; start it anew";
        return;
      }
      int driver = 0;
      int runtime = 0;
      int found = 0;
      cudaDriverGetVersion(&driver);
      cudaRuntimeGetVersion(&runtime);
      const cudaError_t status = cudaGetDeviceCount(&found);
      if (status != cudaSuccess) {
        cudaGetLastError();
        found = 0;
      }
      why_none_ = cuda::why_none(status, found, driver, runtime, std::getenv("CUDA_VISIBLE_DEVICES"));
      devices_.resize(static_cast<std::size_t>(found));
      count_ = found;
    } catch (...) {
      count_ = 0;  // no memory for a text
    }
  }

  std::once_flag counted_;
  int count_ = 0;
  std::string why_none_;
  std::mutex guard_;
  std::vector<std::unique_ptr<gpu_backend>> devices_;
};

}  // namespace

}  // namespace tandem::cuda

/// See `tandem::backend::module_entry`.
extern "C" TANDEM_API tandem::backend::module* tandem_open_module(
    const char* build, const tandem::backend::module_services& services) noexcept {
  if (std::strcmp(build, TANDEM_BUILD) != 0) return nullptr;
  // Never destroyed: arrays of other static objects may give memory back after it would be.
  static tandem::cuda::cuda_module* const opened = [&services]() noexcept -> tandem::cuda::cuda_module* {
    tandem::cuda::open_process(services);
    return new (std::nothrow) tandem::cuda::cuda_module;
  }();
  return opened;
}
