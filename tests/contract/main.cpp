#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "contract/fixtures.h"

// test_contract [--require KIND]...: fails if no test used a device of that kind, "cpu", "simulated" or "gpu".
// TANDEM_TEST_REQUIRE_GPU=1 in the environment is the same as --require gpu.
int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::vector<std::string_view> required;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) != "--require" || i + 1 == argc) {
      std::fprintf(stderr, "unknown argument %s; usage: %s [--require KIND]...\n", argv[i], argv[0]);
      return 2;
    }
    required.emplace_back(argv[++i]);
  }
  const char* const gpu = std::getenv("TANDEM_TEST_REQUIRE_GPU");
  if (gpu != nullptr && std::string_view(gpu) == "1") required.emplace_back("gpu");

  int status = RUN_ALL_TESTS();
  if (status == 0 && testing::UnitTest::GetInstance()->test_to_run_count() == 0) {
    std::fputs("no test was run\n", stderr);
    status = 1;
  }
  for (const std::string_view kind : required) {
    const auto& counts = tandem::testing::tests_by_kind();
    const auto found = counts.find(kind);
    if (found != counts.end() && found->second > 0) continue;
    std::fprintf(stderr, "no test used a device of kind %.*s, which is required\n", static_cast<int>(kind.size()),
                 kind.data());
    status = 1;
  }
  return status;
}
