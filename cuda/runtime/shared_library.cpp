#include "cuda/runtime/shared_library.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <vector>

#include <tandem/errors.h>

#include "cuda/runtime/errors.h"

namespace tandem::cuda {

shared_library::shared_library(const std::string& file) : file_(file) {
  std::vector<std::string> places{file};
  for (const char* const variable : {"CUDA_PATH", "CUDA_HOME"}) {
    const char* const folder = std::getenv(variable);
    if (folder != nullptr && *folder == '/') places.push_back(fmt::format("{}/lib64/{}", folder, file));
  }
  places.push_back("/usr/local/cuda/lib64/" + file);
  std::string reason;
  for (const std::string& each : places) {
    handle_ = ::dlopen(each.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ != nullptr) return;
    // The first place's reason: the others are guesses.
    const char* const text = ::dlerror();
    if (reason.empty() && text != nullptr) reason = text;
  }
  throw device_error(fmt::format("{} cannot be opened ({}); install CUDA {}'s run-time libraries", file, reason,
                                 version_text(CUDART_VERSION)));
}

void* shared_library::address(const char* name) const {
  void* const found = ::dlsym(handle_, name);
  if (found == nullptr) {
    throw device_error(fmt::format("{} has no {}; it is not the library of CUDA {} that tandem was built for", file_,
                                   name, version_text(CUDART_VERSION)));
  }
  return found;
}

}  // namespace tandem::cuda
