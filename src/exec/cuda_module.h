#pragma once

#include <string>

#include "backend/module.h"

namespace tandem::exec {

/// The part of the library that has the code for GPUs, or why it is not there.
struct cuda_module {
  backend::module* code = nullptr;
  std::string why_missing;
};

/// Opens it when it is first called: the file libtandem_cuda.so in the folder of the library, or where the dynamic
/// linker looks. Thread safety: any thread.
const cuda_module& open_cuda_module();

}  // namespace tandem::exec
