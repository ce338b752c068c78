#include <gtest/gtest.h>

#include <cstdint>
#include <variant>

#include <tandem/tandem.h>

#include "backend/cpu/steps.h"
#include "ops/compile.h"

// Which instructions go into one loop.
namespace tandem::backend {
namespace {

int steps_for(const expr& what) {
  const ops::compiled made = ops::compile(what.node());
  return static_cast<int>(steps_of(std::get<ops::elementwise_stage>(made.code.stages.back()).chain).size());
}

class Steps : public ::testing::Test {
 protected:
  ndarray a = arange(10.0);
  ndarray b = arange(10.0);
  ndarray c = arange(10.0);
  ndarray d = arange(10.0);
};

TEST_F(Steps, FourOperationsAreOneLoop) {
  EXPECT_EQ(steps_for(a * b + 0.5 * a - b), 1);
  EXPECT_EQ(steps_for(c - (a * b - c * d)), 1);
}

TEST_F(Steps, PairsAndTriplesAreOneLoop) {
  EXPECT_EQ(steps_for(a + b), 1);
  EXPECT_EQ(steps_for(a * b + c), 1);
  EXPECT_EQ(steps_for(c - a * b), 1);
  EXPECT_EQ(steps_for((a + b + c) * d), 1);
  EXPECT_EQ(steps_for((a - b) * (c + d)), 1);
  EXPECT_EQ(steps_for(square(a - b)), 1);
  EXPECT_EQ(steps_for(pow(a - b, 2)), 1);
  const expr difference = a - b;
  EXPECT_EQ(steps_for(difference * difference), 1);
}

TEST_F(Steps, LongerLinesAreCut) {
  EXPECT_EQ(steps_for(a + b + c + d + a), 2);
  EXPECT_EQ(steps_for(((a + b) * (c + d) + a) * b), 2);
}

TEST_F(Steps, ResultsReadTwiceAreKept) {
  const expr sum = a + b;
  EXPECT_EQ(steps_for(sum * c + sum), 2);
  const expr pair = a + b * c;
  EXPECT_EQ(steps_for(pair * pair), 2);
}

TEST_F(Steps, OtherWorkStaysAlone) {
  EXPECT_EQ(steps_for(sqrt(a + b)), 2);
  EXPECT_EQ(steps_for(sqrt(a) + b * c), 2);
  EXPECT_EQ(steps_for(astype(a + b, dtype::float32)), 2);
  const ndarray whole = astype(a, dtype::int64);
  EXPECT_EQ(steps_for(whole * whole + whole), 2);
}

}  // namespace
}  // namespace tandem::backend
