#include "backend/simulated/hints.h"

#include <string>

namespace tandem::backend::simulation {

hardware_hints hints_of(const machine_profile& of) {
  return {.source = std::string(of.source),
          .identity = {{"profile", std::string(of.name)}},
          .bytes_per_s = of.bytes_per_s,
          .float32_flops = of.float32_flops,
          .float64_flops = of.float64_flops,
          .launch_us = of.launch_us,
          .kernel_us = of.kernel_start_us,
          .synchronize_us = of.synchronize_us,
          .allocate_us = of.allocate_us,
          .copy_us = of.link.latency_us,
          .pageable_bytes_per_s = of.link.pageable_bytes_per_s,
          .pinned_bytes_per_s = of.link.pinned_bytes_per_s};
}

}  // namespace tandem::backend::simulation
