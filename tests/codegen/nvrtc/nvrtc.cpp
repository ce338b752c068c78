#include "codegen/nvrtc/nvrtc.h"

#include <dlfcn.h>

#include <cstddef>
#include <stdexcept>
#include <vector>

#include "cuda/codegen/headers.h"

namespace tandem::cuda {

namespace {

// The part of NVRTC's interface that is used, as of CUDA 11 to 13; results are 0 for success.
using handle = void*;

class library {
 public:
  static const library& get() {
    static const library one;
    return one;
  }

  std::string missing;
  int (*create)(handle*, const char*, const char*, int, const char* const*, const char* const*) = nullptr;
  int (*destroy)(handle*) = nullptr;
  int (*compile)(handle, int, const char* const*) = nullptr;
  int (*log_size)(handle, std::size_t*) = nullptr;
  int (*log)(handle, char*) = nullptr;

 private:
  library() {
    void* opened = nullptr;
    for (const char* name : {TANDEM_NVRTC_LIBRARY, "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"}) {
      opened = dlopen(name, RTLD_NOW | RTLD_LOCAL);
      if (opened != nullptr) break;
    }
    if (opened == nullptr) {
      missing = "there is no libnvrtc";
      return;
    }
    find(opened, "nvrtcCreateProgram", create);
    find(opened, "nvrtcDestroyProgram", destroy);
    find(opened, "nvrtcCompileProgram", compile);
    find(opened, "nvrtcGetProgramLogSize", log_size);
    find(opened, "nvrtcGetProgramLog", log);
  }

  template <class Function>
  void find(void* in, const char* name, Function& into) {
    into = reinterpret_cast<Function>(dlsym(in, name));
    if (into == nullptr) missing = std::string("libnvrtc has no ") + name;
  }
};

}  // namespace

std::string why_no_nvrtc() { return library::get().missing; }

std::string complaints(const std::string& text, const std::string& architecture) {
  const library& nvrtc = library::get();
  std::vector<const char*> names, texts;
  for (const header& of : headers()) {
    names.push_back(of.name);
    texts.push_back(of.text);
  }
  handle program = nullptr;
  if (nvrtc.create(&program, text.c_str(), "kernel.cu", static_cast<int>(names.size()), texts.data(), names.data())) {
    throw std::runtime_error("nvrtcCreateProgram failed");
  }
  const std::string target = "--gpu-architecture=" + architecture;
  const char* const options[] = {target.c_str(), "--std=c++20", "--fmad=false"};
  const int result = nvrtc.compile(program, 3, options);
  std::size_t size = 0;
  nvrtc.log_size(program, &size);
  std::string log(size, '\0');
  nvrtc.log(program, log.data());
  nvrtc.destroy(&program);
  while (!log.empty() && (log.back() == '\0' || log.back() == '\n' || log.back() == ' ')) log.pop_back();
  if (result != 0 && log.empty()) log = "error " + std::to_string(result);
  return log;
}

}  // namespace tandem::cuda
