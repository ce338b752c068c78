#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <string>
#include <vector>

#include <tandem/errors.h>

#include "elementwise/column.h"
#include "elementwise/evaluate.h"
#include "elementwise/points.h"
#include "elementwise/rows.h"

// Operands of dtypes outside the row's kinds.
namespace tandem::testing {
namespace {

class Dtypes : public ::testing::TestWithParam<row> {};

std::vector<column> small_operands(const row& r, dtype type) {
  random_bits bits(20263);
  std::vector<column> operands;
  for (int i = 0; i < r.arity; ++i) {
    column values(r.arity == 3 && i == 0 ? dtype::bool_ : type);
    with_element(values.type(), [&]<class T>(T) {
      for (int k = 0; k < 20; ++k) values.push(random_element<T>(r.which, i, bits));
    });
    operands.push_back(values);
  }
  return operands;
}

std::vector<ndarray> arrays_of(const std::vector<column>& operands) {
  std::vector<ndarray> arrays;
  for (const column& values : operands) arrays.push_back(array_of(values, {static_cast<std::int64_t>(values.size())}));
  return arrays;
}

TEST_P(Dtypes, OutsideTheKindsBecomeFloat64OrAreRefused) {
  const row r = GetParam();
  for (int i = 0; i < dtype_count; ++i) {
    const dtype type = static_cast<dtype>(i);
    if (accepts(r.accepts, type)) continue;
    const std::vector<column> operands = small_operands(r, type);
    const std::vector<ndarray> arrays = arrays_of(operands);
    const bool floats_only = r.accepts == kinds::floating || r.accepts == kinds::real_floating;
    if (!floats_only || is_floating(type)) {
      EXPECT_THROW(expression(r.which, arrays), dtype_error) << r.name << " of " << name(type);
      continue;
    }
    std::vector<column> as_double;
    for (const column& values : operands) as_double.push_back(converted(values, dtype::float64));
    const column wanted = evaluate(r.which, as_double);
    const expr built = expression(r.which, arrays);
    ASSERT_EQ(built.dtype(), result_type_of(r, dtype::float64)) << r.name << " of " << name(type);
    const column result = column_of(eval(built));
    ASSERT_EQ(result.size(), wanted.size());
    for (std::size_t k = 0; k < result.size(); ++k) {
      const double x = result.get<double>(k), y = wanted.get<double>(k);
      EXPECT_TRUE(x == y || (std::isnan(x) && std::isnan(y)))
          << r.name << " of " << name(type) << ": " << x << ", " << y;
    }
  }
}

TEST_P(Dtypes, ResultDtypeIsThatOfTheRow) {
  const row r = GetParam();
  for (const dtype type : dtypes_of(r)) {
    const expr built = expression(r.which, arrays_of(small_operands(r, type)));
    EXPECT_EQ(built.dtype(), result_type_of(r, type)) << r.name << " of " << name(type);
    EXPECT_EQ(eval(built).dtype(), built.dtype()) << r.name << " of " << name(type);
  }
}

INSTANTIATE_TEST_SUITE_P(Elementwise, Dtypes, ::testing::ValuesIn(rows),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Conversion, FromComplexToRealIsRefused) {
  const ndarray z = array<std::complex<double>>({{1, 2}, {3, 0}});
  for (int i = 0; i < dtype_count; ++i) {
    const dtype type = static_cast<dtype>(i);
    if (is_complex(type) || is_boolean(type)) continue;
    EXPECT_THROW(astype(z, type), dtype_error) << name(type);
  }
}

TEST(Clip, LimitsToTheBoundsAndKeepsNan) {
  const double nan = std::nan("");
  const ndarray x = array<double>({-2, -0.5, 0.25, 7, nan});
  const std::vector<double> inside = ndarray(clip(x, -1, 1)).to_vector<double>();
  EXPECT_EQ((std::vector<double>(inside.begin(), inside.end() - 1)), (std::vector<double>{-1, -0.5, 0.25, 1}));
  EXPECT_TRUE(std::isnan(inside.back()));
  EXPECT_EQ(ndarray(clip(array<int>({-5, 0, 5}), 3, 1)).to_vector<int>(), (std::vector<int>{1, 1, 1}));
  EXPECT_EQ(ndarray(clip(array<int>({-5, 0, 5}), array<int>({0, 1, 2}), 4)).to_vector<int>(),
            (std::vector<int>{0, 1, 4}));
}

}  // namespace
}  // namespace tandem::testing
