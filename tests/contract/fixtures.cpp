#include "contract/fixtures.h"

#include <tandem/device.h>

#include "exec/devices.h"

namespace tandem::testing {

namespace {

std::string always_here() { return {}; }

}  // namespace

const std::vector<fixture>& fixtures() {
  static const std::vector<fixture> list = {
      {.name = "cpu",
       .kind = "cpu",
       .why_missing = always_here,
       .device = []() -> backend::backend& { return backend::cpu(); },
       .same_bits_as_cpu = true},
      {.name = "simulated",
       .kind = "simulated",
       .why_missing = always_here,
       .device = []() -> backend::backend& { return backend::simulated("gen3-card:1"); },
       .same_bits_as_cpu = true,
       .too_many_bytes = 9'000'000'000},
      {.name = "cuda",
       .kind = "gpu",
       .why_missing = [] { return exec::gpu_count() > 0 ? std::string() : exec::why_no_gpu(); },
       .device = []() -> backend::backend& { return exec::backend_of(device::gpu()); },
       // CUDA's functions of float32 are within 4 ulp where those of the CPU's backend are within 1 (pow, tan, sinh).
       .extra_ulp = 4,
       .too_many_bytes = std::int64_t{1} << 50},
  };
  return list;
}

std::map<std::string, int, std::less<>>& tests_by_kind() {
  static std::map<std::string, int, std::less<>> counts;
  return counts;
}

}  // namespace tandem::testing
