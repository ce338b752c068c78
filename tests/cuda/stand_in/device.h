#pragma once

#include <string>

#include "backend/backend.h"
#include "backend/module.h"

namespace tandem::testing::stand_in {

/// The module of the test program, opened as the library does, with a folder for kernels that is new and removed at the
/// end. Programs wait for the compiler.
backend::module& opened_module();
/// Its only device.
backend::backend& device();
/// Where that module keeps kernels.
std::string cache_folder();

}  // namespace tandem::testing::stand_in
