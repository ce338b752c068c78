#include <gtest/gtest.h>

#include <cstdint>

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
