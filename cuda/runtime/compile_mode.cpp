#include "cuda/runtime/compile_mode.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include <tandem/errors.h>

namespace tandem::cuda {

compile_mode compile_mode_of(const char* name) {
  const std::string_view given = name == nullptr ? "background" : name;
  if (given == "background") return compile_mode::background;
  if (given == "wait") return compile_mode::wait;
  throw policy_error(fmt::format("TANDEM_CUDA_COMPILE is '{}'; it can be 'background' or 'wait'", given));
}

compile_mode compile_mode_of_process() {
  static const compile_mode known = compile_mode_of(std::getenv("TANDEM_CUDA_COMPILE"));
  return known;
}

}  // namespace tandem::cuda
