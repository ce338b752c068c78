#include <tandem/machine.h>

#include <cstdlib>

#include <tandem/memory.h>

#include "backend/backend.h"
#include "exec/devices.h"
#include "exec/version.h"
#include "memory/host_pool.h"
#include "runtime/cores.h"
#include "runtime/system.h"

namespace tandem {

std::string_view exec::library_version() noexcept { return TANDEM_VERSION; }

machine machine_info() {
  // A wrong TANDEM_MEMORY_POOL is an error of whoever needs a block.
  memory::free_block(memory::allocate_block(1), 1);
  backend::description cpu = backend::cpu().describe();
  machine found;
  found.version = exec::library_version();
  found.processor = runtime::processor_name();
  found.cores = runtime::online_cores();
  // Not asked for apart, lest the mask change in between.
  found.core_limits = runtime::core_limits();
  for (const core_limit& each : found.core_limits) {
    if (each.decides) found.permitted_cores = each.cores;
  }
  found.memory_bytes = runtime::memory_bytes();
  found.openmp = {"OpenMP", runtime::openmp_file(), ""};
  found.blas = cpu.blas;
  found.instruction_sets = cpu.instruction_sets;
  if (const char* wish = std::getenv("TANDEM_ISA")) found.wished_instruction_set = wish;
  found.memory_pool_limit_bytes = host_memory_cache_limit();
  found.memory_pool_on = found.memory_pool_limit_bytes > 0;
  found.backends = {{"cpu", true}, {"cuda", exec::has_code_for_gpus()}, {"simulated", true}};
  return found;
}

}  // namespace tandem
