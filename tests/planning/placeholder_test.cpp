#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "planning/candidates.h"
#include "support/elements.h"

// Arrays of which only shape and dtype are known.
namespace tandem::testing {
namespace {

TEST(Placeholder, TerabytesTakeNoMemory) {
  const std::int64_t before = host_memory().in_use_bytes;
  const ndarray huge = placeholder({1'000'000, 1'000'000}, complex128);
  EXPECT_EQ(huge.shape(), dims({1'000'000, 1'000'000}));
  EXPECT_EQ(huge.dtype(), complex128);
  const explanation why = explain(matmul(huge, huge));
  EXPECT_EQ(why.what, "matmul: complex128 (1000000, 1000000)");
  EXPECT_GT(chosen_of(why).total_us, 1e9);
  EXPECT_EQ(host_memory().in_use_bytes, before);
}

TEST(Placeholder, TerabytesDoNotFitIntoADevice) {
  const with_candidates candidates{sim};
  const ndarray huge = placeholder({1'000'000, 1'000'000}, float64);
  const explanation why = explain(matmul(huge, huge));
  EXPECT_EQ(why.cause, "no-memory") << why;
}

TEST(Placeholder, WorkAndMemoryBeyond63BitsCount) {
  const with_candidates candidates{sim};
  const auto seconds_of = [](std::int64_t extent, dtype type) {
    const ndarray huge = placeholder({extent, extent}, type);
    return chosen_of(explain(matmul(huge, huge), alone)).total_us * 1e-6;
  };
  // 2e27 operations, and 8e27; no core does 1e14 a second, nor a device 1e17.
  EXPECT_GT(seconds_of(1'000'000'000, float64), 2e10);
  EXPECT_NEAR(seconds_of(500'000'000, complex128) / seconds_of(500'000'000, float64), 4, 0.1);
  EXPECT_NEAR(seconds_of(1'000'000'000, int8) / seconds_of(100'000'000, int8), 1000, 10);

  const ndarray bytes = placeholder({std::numeric_limits<std::int64_t>::max()}, int8);
  const explanation why = explain(expr(bytes) + 1);
  ASSERT_EQ(why.candidates.size(), 2U);
  EXPECT_NE(why.candidates[1].why_not, "") << why;
  EXPECT_EQ(why.cause, "no-memory") << why;
}

TEST(Placeholder, ASmallOneCanBeUsed) {
  const with_candidates candidates{sim};
  const ndarray a = placeholder({3, 4}, int32);
  EXPECT_TRUE(eval(expr(a) == a, {.device = device::cpu}).shape() == dims({3, 4}));
  a.assign(7);
  EXPECT_EQ(eval(sum(a)).item<std::int64_t>(), 84);
  const ndarray b = placeholder({3, 4}, int32);
  b.assign(expr(a) + 1);
  EXPECT_EQ(elements_of<std::int32_t>(b), std::vector<std::int32_t>(12, 8));
  const ndarray c = placeholder({5}, float64);
  EXPECT_NO_THROW(eval(expr(c) * 0, {.device = sim}));
}

TEST(Placeholder, ShapesThatCannotBe) {
  EXPECT_THROW(placeholder({-1}, float32), shape_error);
  EXPECT_THROW(placeholder({2, -3}, float32), shape_error);
  EXPECT_THROW(placeholder({std::int64_t{1} << 40, std::int64_t{1} << 40}, int8), shape_error);
  EXPECT_THROW(placeholder({std::int64_t{1} << 61}, float64), shape_error);
  EXPECT_EQ(placeholder({0, std::int64_t{1} << 62}, int8).size(), 0);
}

}  // namespace
}  // namespace tandem::testing
