#include "backend/cpu/instruction_set.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <vector>

#include <tandem/errors.h>

#include "runtime/fork.h"

namespace tandem::backend {

#if defined(__x86_64__)
namespace kernels {
namespace x86_64_v2 {
const loop_set& loops() noexcept;
}
namespace avx2 {
const loop_set& loops() noexcept;
}
namespace avx512 {
const loop_set& loops() noexcept;
}
}  // namespace kernels
#else
namespace kernels::plain {
const loop_set& loops() noexcept;
}
#endif

namespace {

#if defined(__x86_64__)
bool has_v2() noexcept {
  return __builtin_cpu_supports("sse3") && __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1") &&
         __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
}

// Processors with AVX2 and FMA have the other features of x86-64-v3 that the loops are compiled for; both compilers'
// checks ask the operating system, too, whether it saves the registers.
bool has_avx2() noexcept {
  return has_v2() && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2");
}

bool has_avx512() noexcept {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#else
bool always() noexcept { return true; }
#endif

std::string names_of(std::span<const instruction_set> sets) {
  std::vector<std::string_view> names;
  for (const instruction_set& each : sets) names.push_back(each.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

const instruction_set& choose() {
  const std::span<const instruction_set> all = instruction_sets();
  if (const char* wish = std::getenv("TANDEM_ISA")) {
    for (const instruction_set& each : all) {
      if (each.name != wish) continue;
      if (each.runs_here()) return each;
      throw policy_error(fmt::format("TANDEM_ISA is '{}', which this processor does not have", wish));
    }
    throw policy_error(fmt::format("TANDEM_ISA is '{}'; expected one of {}", wish, names_of(all)));
  }
  for (auto each = all.rbegin(); each != all.rend(); ++each) {
    if (each->runs_here()) return *each;
  }
  throw device_error(fmt::format("this processor has none of the instruction sets {}", names_of(all)));
}

}  // namespace

std::span<const instruction_set> instruction_sets() noexcept {
#if defined(__x86_64__)
  static const instruction_set sets[] = {{"x86-64-v2", &has_v2, &kernels::x86_64_v2::loops()},
                                         {"avx2", &has_avx2, &kernels::avx2::loops()},
                                         {"avx512", &has_avx512, &kernels::avx512::loops()}};
#else
  static const instruction_set sets[] = {{"plain", &always, &kernels::plain::loops()}};
#endif
  return sets;
}

namespace {

// When the library is loaded, for forks by other threads.
[[maybe_unused]] const std::span<const instruction_set> made_at_load = instruction_sets();

}  // namespace

const instruction_set& instruction_set_in_use() {
  static constinit runtime::made_once<const instruction_set*> chosen;
  return *chosen.get([] { return &choose(); });
}

}  // namespace tandem::backend
