#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"
#include "support/sanitized.h"

// A policy of fast_math: a product and the sum that uses it round once, where the instruction set can. The reference is
// std::fma, which rounds once by definition.
namespace {

using namespace tandem;
using namespace tandem::testing;

// Whether the instruction set in use has fused multiply-adds.
bool has_fused_multiply_add() {
  for (const instruction_set_info& each : machine_info().instruction_sets) {
    if (each.in_use) return each.name == "avx2" || each.name == "avx512";
  }
  return false;
}

// Whether operations are put together depends on the compiler's optimizations, which builds for debugging and with
// sanitizers do without: what may round once may round twice there.
#if defined(__OPTIMIZE__)
constexpr bool always_fuses = !is_sanitized;
#else
constexpr bool always_fuses = false;
#endif

template <class T>
void compare(std::int64_t count) {
  random_numbers random(4711);
  std::vector<T> x, y, z;
  for (std::int64_t i = 0; i < count; ++i) {
    // All digits in use, so that roundings show.
    const auto digits = [&] { return std::ldexp(static_cast<T>(random.bits() >> 8), -56) - T(0.5); };
    x.push_back(digits());
    y.push_back(digits());
    z.push_back(digits());
  }
  const ndarray a = array(std::span<const T>(x), {count});
  const ndarray b = array(std::span<const T>(y), {count});
  const ndarray c = array(std::span<const T>(z), {count});
  const std::vector<T> plain = elements_of<T>(eval(a * b + c));
  const std::vector<T> fast = elements_of<T>(eval(a * b + c, {.fast_math = true}));
  ndarray out = zeros({count}, dtype_of<T>);
  eval(c - a * b, out, {.fast_math = true});
  const std::vector<T> into = elements_of<T>(out);
  const bool fuses = has_fused_multiply_add();
  std::int64_t differences = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto k = static_cast<std::size_t>(i);
    const T product = x[k] * y[k];
    const auto is_rounded = [&](T value, T twice, T once) {
      return (value == once && fuses) || (value == twice && !(fuses && always_fuses));
    };
    ASSERT_EQ(plain[k], product + z[k]) << i;
    ASSERT_TRUE(is_rounded(fast[k], product + z[k], std::fma(x[k], y[k], z[k]))) << i;
    ASSERT_TRUE(is_rounded(into[k], z[k] - product, std::fma(-x[k], y[k], z[k]))) << i;
    differences += plain[k] != fast[k] ? 1 : 0;
  }
  const bool shows = fuses && always_fuses && count > 100;
  EXPECT_TRUE(differences > 0 || !shows) << "the inputs show no difference";
}

TEST(FastMath, RoundsOnceWhereItMay) {
  for (const std::int64_t count : {0, 1, 7, 100, 1000, 100'003}) {
    compare<float>(count);
    compare<double>(count);
  }
}

TEST(FastMath, IsOffUnlessAskedFor) {
  const ndarray a = array<double>({1 + 0x1p-30, 3});
  const ndarray minus_one = array<double>({-1.0, -9.0});
  const std::vector<double> plain = elements_of<double>(eval(a * a + minus_one));
  {
    const scoped_policy fast({.fast_math = true});
    const std::vector<double> inside = elements_of<double>(eval(a * a + minus_one));
    const bool once = inside[0] == 0x1p-29 + 0x1p-60;
    EXPECT_TRUE(once || inside[0] == 0x1p-29);
    EXPECT_TRUE(once == has_fused_multiply_add() || !always_fuses);
    EXPECT_EQ(elements_of<double>(eval(a * a + minus_one, {.fast_math = false})), plain);
  }
  EXPECT_EQ(elements_of<double>(eval(a * a + minus_one)), plain);
  EXPECT_EQ(plain, (std::vector<double>{0x1p-29, 0}));
}

TEST(FastMath, LeavesReductionsAndOtherOperationsWithinTheirBounds) {
  random_numbers random(4712);
  const ndarray x = random_array(float64, {300, 200}, random);
  const double exact = ndarray(sum(sqrt(abs(x)) * x + x)).item<double>();
  const double fast = eval(sum(sqrt(abs(x)) * x + x), {.fast_math = true}).item<double>();
  EXPECT_NEAR(fast, exact, 1e-9 * std::abs(exact) + 1e-6);
  EXPECT_TRUE(same(eval(sum(x, {.axis = 0}), {.fast_math = true}), eval(sum(x, {.axis = 0}))));
}

}  // namespace
