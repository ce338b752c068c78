#pragma once

#include <span>
#include <string_view>

#include "backend/cpu/kernels.h"

// Which of the compiled loops run on this processor.
namespace tandem::backend {

struct instruction_set {
  /// As TANDEM_ISA names it.
  std::string_view name;
  bool (*runs_here)() noexcept;
  const kernels::loop_set* loops;
};

/// Those that the library was built with, the most capable last.
std::span<const instruction_set> instruction_sets() noexcept;

/// The one that the environment variable TANDEM_ISA names, else the last one that this processor has. Chosen once.
/// Throws: `policy_error` if TANDEM_ISA names none of them or one that this processor lacks, `device_error` if the
/// processor has none of them.
const instruction_set& instruction_set_in_use();

}  // namespace tandem::backend
