#include "cuda/stand_in/device.h"

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "contract/fixtures.h"
#include "runtime/fork.h"
#include "support/temporary_folder.h"

extern "C" tandem::backend::module* tandem_open_module(const char* build,
                                                       const tandem::backend::module_services& services) noexcept;

namespace tandem::testing::stand_in {

namespace {

void copy(const std::byte* from, std::byte* to, std::int64_t size_bytes) {
  std::memcpy(to, from, static_cast<std::size_t>(size_bytes));
}

}  // namespace

std::string cache_folder() {
  static const temporary_folder made;
  return made.path();
}

backend::module& opened_module() {
  static backend::module* const opened = [] {
    ::setenv("TANDEM_CUDA_COMPILE", "wait", 1);
    const backend::module_services services{copy, [] { return std::uint64_t{runtime::fork_generation()}; },
                                            cache_folder};
    return tandem_open_module(TANDEM_BUILD, services);
  }();
  if (opened == nullptr) throw std::runtime_error("the module does not open");
  return *opened;
}

backend::backend& device() { return opened_module().device(0); }

}  // namespace tandem::testing::stand_in

namespace tandem::testing {

const std::vector<fixture>& fixtures() {
  static const std::vector<fixture> list = {
      // Kernels are compiled for the host there, with its mathematical functions instead of CUDA's.
      {.name = "stand_in",
       .kind = "gpu",
       .why_missing = [] { return std::string(); },
       .device = stand_in::device,
       .extra_ulp = 4,
       .too_many_bytes = std::int64_t{300} << 20},
  };
  return list;
}

std::map<std::string, int, std::less<>>& tests_by_kind() {
  static std::map<std::string, int, std::less<>> counts;
  return counts;
}

}  // namespace tandem::testing
