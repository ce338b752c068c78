#include "plan/priors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "plan/sane.h"

using namespace tandem::plan;

TEST(Priors, AreSaneForAnyMachine) {
  for (const char* name : {"", "AMD EPYC", "AMD EPYC 9655 96-Core Processor", "Intel(R) Xeon(R) Platinum 8480+",
                           "13th Gen Intel(R) Core(TM) i9-13900K", "Neoverse-V2", "\xff"}) {
    for (const int cores : {-1, 0, 1, 2, 3, 64, 1000}) {
      for (const double bytes : {0.0, 1e6, 1e18, -1.0, std::nan(""), HUGE_VAL}) {
        for (const int family : {0, 6, 26}) {
          const host_profile made = prior_for(host_facts{name, family, false, cores, cores, bytes, bytes});
          expect_sane(made);
          EXPECT_EQ(made.cores, std::max(cores, 1));
          EXPECT_TRUE(made.source.starts_with("prior: ")) << made.source;
          if (HasFailure()) return;
        }
      }
    }
  }
  expect_sane(prior_for(find_host_facts()));
}

TEST(Priors, AreOfTheMachineThatIsNamed) {
  const auto source_for = [](const char* name, int family, int cores) {
    return prior_for(host_facts{name, family, false, cores, cores, 0, 0}).source;
  };
  EXPECT_NE(source_for("AMD EPYC", 26, 2).find("Zen 5"), std::string::npos);
  EXPECT_NE(source_for("AMD EPYC 7763", 25, 64).find("generic x86-64 server"), std::string::npos);
  EXPECT_NE(source_for("Intel(R) Xeon(R) Platinum 8480+", 6, 56).find("generic x86-64 server"), std::string::npos);
  EXPECT_NE(source_for("Intel(R) Core(TM) i7-6700K", 6, 4).find("generic x86-64 desktop"), std::string::npos);
  EXPECT_NE(source_for("Neoverse-V2", 0, 72).find("generic Arm server"), std::string::npos);
  EXPECT_NE(source_for("", 0, 8).find("desktop"), std::string::npos);
  EXPECT_NE(source_for("", 0, 96).find("server"), std::string::npos);
}

TEST(Priors, OfDevicesTakeHintsAndNothingThatIsNone) {
  tandem::backend::hardware_hints hints;
  expect_sane(prior_for(hints));
  const double wrong[] = {0, -1, std::nan(""), HUGE_VAL, 5e-324, 1e308};
  for (const double each : wrong) {
    for (double* to : {&hints.bytes_per_s, &hints.float32_flops, &hints.float64_flops, &hints.launch_us,
                       &hints.kernel_us, &hints.synchronize_us, &hints.allocate_us, &hints.copy_us,
                       &hints.pageable_bytes_per_s, &hints.pinned_bytes_per_s}) {
      const double before = std::exchange(*to, each);
      expect_sane(prior_for(hints));
      *to = before;
    }
  }
  hints.bytes_per_s = 2e12;
  hints.copy_us = 9;
  hints.pinned_bytes_per_s = 5e10;
  hints.source = "somebody said so";
  const device_profile made = prior_for(hints);
  EXPECT_EQ(made.source, "prior: somebody said so");
  EXPECT_DOUBLE_EQ(made.bytes_per_s.values.back().value, 2e12);
  const link_profile& pinned = made.link[0][static_cast<std::size_t>(memory_kind::pinned)];
  EXPECT_DOUBLE_EQ(pinned.latency_us.value, 9);
  EXPECT_DOUBLE_EQ(pinned.bytes_per_s(1e6), 5e10);
  EXPECT_EQ(pinned.latency_us.from, origin::prior);
  EXPECT_EQ(pinned.latency_us.samples, 0);
}
