#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/manipulation.h>
#include <tandem/statistics.h>

#include "statistics/reference.h"
#include "support/exact_array.h"
#include "support/operands.h"

// Rounding errors grow with the logarithm of the number of elements, on every axis; fusing what feeds a reduction
// changes nothing.
namespace tandem::testing {
namespace {

// Sums of float32 numbers along the middle one of (outer, middle, inner) axes.
struct long_sums {
  std::vector<real_number> sums;
  std::vector<real_number> sizes;

  long_sums(const std::vector<float>& x, std::int64_t outer, std::int64_t middle, std::int64_t inner)
      : sums(static_cast<std::size_t>(outer * inner)), sizes(sums.size()) {
    for (std::int64_t i = 0; i < outer; ++i) {
      for (std::int64_t j = 0; j < middle; ++j) {
        for (std::int64_t k = 0; k < inner; ++k) {
          const float each = x[static_cast<std::size_t>((i * middle + j) * inner + k)];
          sums[static_cast<std::size_t>(i * inner + k)] += static_cast<real_number>(each);
          sizes[static_cast<std::size_t>(i * inner + k)] += static_cast<real_number>(std::fabs(each));
        }
      }
    }
  }
};

// (outer, middle, inner): no axes but the middle one, few long rows, columns, both.
constexpr std::int64_t long_shapes[][3] = {{1, 4000000, 1}, {2, 1000003, 1}, {1, 1300001, 3}, {1, 4000, 1000},
                                           {1000, 4000, 1}, {7, 20011, 11},  {1, 65537, 40},  {3, 511, 600}};

void check_sums(const std::vector<float>& source, const char* what) {
  for (const auto& [outer, middle, inner] : long_shapes) {
    SCOPED_TRACE(std::string(what) + " " + to_string(dims{outer, middle, inner}));
    const std::vector<float> values(source.begin(), source.begin() + outer * middle * inner);
    const ndarray x = array(std::span<const float>(values), {outer, middle, inner});
    const long_sums exact_sums(values, outer, middle, inner);
    const real_number roundings = tree_depth(static_cast<std::size_t>(middle));
    const real_number unit = unit_roundoff(float32);
    // The sum along the middle axis, as it is, as the first and as the last axis of a view, and of the reversed array.
    const std::vector<ndarray> sums = {sum(x, {.axis = 1}), sum(permute_dims(x, {1, 0, 2}), {.axis = 0}),
                                       sum(permute_dims(x, {0, 2, 1}), {.axis = -1}), sum(flip(x, 1), {.axis = 1})};
    const ndarray averages = mean(x, {.axis = 1});
    for (const ndarray& each : sums) {
      const std::vector<float> given = each.to_vector<float>();
      ASSERT_EQ(given.size(), exact_sums.sums.size());
      for (std::size_t i = 0; i < given.size(); ++i) {
        ASSERT_NEAR(static_cast<double>(given[i]), static_cast<double>(exact_sums.sums[i]),
                    static_cast<double>(roundings * unit * exact_sums.sizes[i]));
      }
    }
    const std::vector<float> given = averages.to_vector<float>();
    const auto count = static_cast<real_number>(middle);
    for (std::size_t i = 0; i < given.size(); ++i) {
      ASSERT_NEAR(static_cast<double>(given[i]), static_cast<double>(exact_sums.sums[i] / count),
                  static_cast<double>((roundings + 2) * unit * exact_sums.sizes[i] / count));
    }
  }
}

constexpr std::size_t most_elements = 4000000;

TEST(Accuracy, OfEqualTerms) { check_sums(std::vector<float>(most_elements, 0.1F), "0.1"); }

TEST(Accuracy, OfRandomTerms) {
  random_numbers random(61);
  std::vector<float> x(most_elements);
  for (float& each : x) each = static_cast<float>(static_cast<std::int32_t>(random.bits())) * 0x1p-31F;
  check_sums(x, "random");
}

// A large term first, then terms that it swallows one by one.
TEST(Accuracy, OfASeriesWhereAddingOneByOneFails) {
  std::vector<float> x(most_elements, 0x1p-25F);
  x[0] = 1;
  float one_by_one = 0;
  for (const float each : x) one_by_one += each;
  const double exact_sum = 1 + static_cast<double>(most_elements - 1) * 0x1p-25;
  ASSERT_GT(std::fabs(static_cast<double>(one_by_one) - exact_sum), 0.1);
  check_sums(x, "1, then 2**-25");
  EXPECT_NEAR(static_cast<double>(ndarray(sum(array(std::span<const float>(x), {4000000}))).item<float>()), exact_sum,
              1e-5);
}

TEST(Accuracy, OfVariancesFarFromZero) {
  random_numbers random(62);
  for (const dims& shape : {dims{300000, 1}, dims{3, 100001}, dims{50000, 7}}) {
    std::vector<float> values(size_of(shape));
    for (float& each : values) each = 1000.0F + static_cast<float>(static_cast<std::int32_t>(random.bits())) * 0x1p-31F;
    const ndarray x = array(std::span<const float>(values), shape);
    const exact_array elements = read(x);
    for (const std::int64_t axis : {0, 1}) {
      for (const statistic which : {statistic::var, statistic::std}) {
        const statistic_options options{.axis = axis, .correction = axis == 0 ? 1.0 : 0.0};
        EXPECT_TRUE(within(eval(call(which, x, options)), expected(which, elements, options)))
            << name_of(which) << " of " << to_string(shape) << " axis " << axis;
      }
    }
  }
}

TEST(Fusion, ChangesNoBits) {
  random_numbers random(63);
  for (const dtype type : {int16, uint64, float32, float64, complex64, complex128}) {
    for (const dims& shape : {dims{1000}, dims{37, 41}, dims{3, 700, 5}, dims{130, 1, 130}}) {
      const ndarray a = random_operand(type, shape, form::row_major, numbers::wide, random).view;
      const ndarray b = random_operand(type, shape, form::row_major, numbers::wide, random).view;
      dims row = dims::filled(shape.size(), 1);
      row[shape.size() - 1] = shape.back();
      const ndarray c = random_operand(type, row, form::row_major, numbers::wide, random).view;
      const std::vector<expr> chains = {(a - b) * (a - b), a * c + b, where(a == c, b, c - a), astype(a + b * 2, type),
                                        square(a) - a * b + b * c - 3};
      for (std::size_t i = 0; i < chains.size(); ++i) {
        for (std::int64_t axis = -1; axis < shape.size(); ++axis) {
          const axes over = axis < 0 ? axes() : axes(axis);
          const ndarray fused = sum(chains[i], {.axis = over});
          const ndarray before = eval(astype(chains[i], chains[i].dtype()) + zeros({}, chains[i].dtype()));
          EXPECT_TRUE(same(fused, ndarray(sum(before, {.axis = over}))))
              << "chain " << i << " of " << name(type) << " " << to_string(shape) << " axis " << axis;
          EXPECT_TRUE(
              same(ndarray(tandem::all(chains[i], {.axis = over})), ndarray(tandem::all(before, {.axis = over}))));
        }
      }
    }
  }
}

TEST(Fusion, OfReductionsWithinReductions) {
  random_numbers random(64);
  for (const form f : all_forms) {
    const operand x = random_operand(float64, {60, 35}, f, numbers::wide, random);
    const expr centred = x.view - mean(x.view, {.axis = 0});
    const expr scaled = centred / tandem::std(x.view, {.axis = 0});
    // The mean square of a column that was divided by its standard deviation is 1.
    const ndarray squares = mean(square(scaled), {.axis = 0});
    const exact_array spread = expected(statistic::std, x.values, {.axis = 0}).values;
    const std::vector<double> given = squares.to_vector<double>();
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (spread.at[i].real() > 1e-9L) {
        EXPECT_NEAR(given[i], 1, 1e-12) << name_of(f) << " column " << i;
      }
    }
    const ndarray wide = sum(expand_dims(x.view, 2) * expand_dims(x.view, 1), {.axis = {0, 1}});
    exact_array outer{float64, {35}, {}};
    for (std::int64_t j = 0; j < 35; ++j) {
      exact total = 0;
      for (std::int64_t i = 0; i < 60; ++i) {
        for (std::int64_t k = 0; k < 35; ++k) {
          total +=
              x.values.at[static_cast<std::size_t>(i * 35 + j)] * x.values.at[static_cast<std::size_t>(i * 35 + k)];
        }
      }
      outer.at.push_back(total);
    }
    EXPECT_TRUE(within(wide, outer, std::vector<real_number>(35, 1e-8L))) << name_of(f);
  }
}

}  // namespace
}  // namespace tandem::testing
