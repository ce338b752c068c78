#include "plan/profile.h"

#include <gtest/gtest.h>

#include <cmath>

#include "plan/made_up_profile.h"

using namespace tandem::plan;

TEST(Curve, InterpolatesLogarithmsAndStaysAtItsEnds) {
  const curve some{{10, 1000, 10000}, {{100, 0.1, 1}, {1, 0.1, 1}, {1, 0.1, 1}}};
  EXPECT_DOUBLE_EQ(some(10), 100);
  EXPECT_DOUBLE_EQ(some(1), 100);
  EXPECT_DOUBLE_EQ(some(0), 100);
  EXPECT_DOUBLE_EQ(some(-5), 100);
  EXPECT_DOUBLE_EQ(some(std::nan("")), 100);
  // Half the way of the logarithms: 10^(1 + 1), 10^(2 - 1).
  EXPECT_NEAR(some(100), 10, 1e-12);
  EXPECT_NEAR(some(31.6227766016838), 31.6227766016838, 1e-9);
  EXPECT_DOUBLE_EQ(some(1000), 1);
  EXPECT_DOUBLE_EQ(some(5000), 1);
  EXPECT_DOUBLE_EQ(some(HUGE_VAL), 1);
  EXPECT_EQ(&some.nearest(99), &some.values[0]);
  EXPECT_EQ(&some.nearest(101), &some.values[1]);
  EXPECT_EQ(&some.nearest(1e9), &some.values[2]);
  EXPECT_EQ(&some.nearest(std::nan("")), &some.values[0]);
  const curve one{{5}, {{7, 0.1, 1}}};
  EXPECT_DOUBLE_EQ(one(1), 7);
  EXPECT_DOUBLE_EQ(one(5), 7);
  EXPECT_DOUBLE_EQ(one(50), 7);
}

TEST(Profile, FindsDevicesByTheirWholeNames) {
  const profile some = made_up_profile();
  EXPECT_EQ(some.find("sim:h200"), &some.devices[1].constants);
  EXPECT_EQ(some.find("gpu:0"), &some.devices[0].constants);
  EXPECT_EQ(some.find("gpu:"), nullptr);
  EXPECT_EQ(some.find(""), nullptr);
}
