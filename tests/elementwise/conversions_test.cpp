#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include <tandem/creation.h>

#include "elementwise/accuracy.h"
#include "elementwise/column.h"
#include "elementwise/conversion_reference.h"
#include "elementwise/evaluate.h"
#include "elementwise/points.h"
#include "elementwise/reference.h"

// astype from every dtype to every other. The reference goes through long double, which holds every integer, float and
// double exactly.
namespace tandem::testing {
namespace {

constexpr std::uint64_t seed = 20262;

void check_conversion(const column& values, dtype to) {
  const column result = converted(values, to);
  ASSERT_EQ(result.type(), to);
  ASSERT_EQ(result.size(), values.size());
  with_element(to, [&]<class To>(To) {
    int failures = 0;
    for (std::size_t i = 0; i < values.size() && failures < 5; ++i) {
      const To wanted = reference_conversion<To>(number_at(values, i));
      if (same(result.get<To>(i), wanted)) continue;
      ++failures;
      ADD_FAILURE() << text_at(values, i) << " of " << name(values.type()) << " as " << name(to) << " is "
                    << text_at(result, i) << ", expected " << text_of(wanted) << ", seed " << seed;
    }
  });
}

class Conversions : public ::testing::TestWithParam<int> {};

TEST_P(Conversions, FollowOneRule) {
  const dtype from = static_cast<dtype>(GetParam());
  random_bits bits(seed);
  column values(from);
  with_element(from, [&]<class From>(From) {
    for (const From value : values_to_convert<From>(bits)) values.push(value);
  });
  for (int i = 0; i < dtype_count; ++i) {
    const dtype to = static_cast<dtype>(i);
    if (!is_complex(from) || is_complex(to) || is_boolean(to)) check_conversion(values, to);
  }
}

INSTANTIATE_TEST_SUITE_P(Elementwise, Conversions, ::testing::Range(0, dtype_count),
                         [](const auto& test) { return std::string(name(static_cast<dtype>(test.param))); });

TEST(PowerOfTwo, IsTheSquareInEveryNumericDtype) {
  for (const dtype type : {dtype::int8, dtype::uint16, dtype::int64, dtype::float32, dtype::float64, dtype::complex64,
                           dtype::complex128}) {
    const ndarray x = astype(arange(200.0), type);
    const ndarray power = pow(x, 2);
    EXPECT_EQ(power.dtype(), type);
    EXPECT_TRUE(eval(all(power == square(x))).item<bool>()) << name(type);
  }
  const ndarray whole = astype(arange(5.0), dtype::int32);
  EXPECT_EQ(eval(pow(whole, 2.0)).dtype(), dtype::float64);
  EXPECT_EQ(eval(pow(whole, 2.0)).to_vector<double>(), (std::vector<double>{0, 1, 4, 9, 16}));
  EXPECT_EQ(eval(pow(whole, true)).to_vector<std::int32_t>(), (std::vector<std::int32_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(eval(pow(ones({1, 3}), full({2, 1}, 2.0))).shape(), (dims{2, 3}));
}

}  // namespace
}  // namespace tandem::testing
