#include "contract/fixtures.h"

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
      // A backend for GPUs joins here, with kind "gpu".
  };
  return list;
}

std::map<std::string, int, std::less<>>& tests_by_kind() {
  static std::map<std::string, int, std::less<>> counts;
  return counts;
}

}  // namespace tandem::testing
