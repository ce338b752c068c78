#pragma once

#include <string>

namespace tandem::cuda {

/// A library of CUDA's that is opened when it is first needed, so that the module itself runs where it is missing. It
/// is never closed. Thread safety: any thread.
class shared_library {
 public:
  /// Opens `file` ("libnvrtc.so.13") as the dynamic linker finds it, else in the lib64 of CUDA_PATH, CUDA_HOME or
  /// /usr/local/cuda. Throws: `device_error` that says what to install.
  explicit shared_library(const std::string& file);

  /// A function by its name. Throws: `device_error` if the library has none.
  template <class Function>
  void find(Function*& into, const char* name) const {
    into = reinterpret_cast<Function*>(address(name));
  }

 private:
  void* address(const char* name) const;

  std::string file_;
  void* handle_ = nullptr;
};

}  // namespace tandem::cuda
