#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <functional>
#include <limits>
#include <thread>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// Expressions of one structure share a compiled program: what it is given must be all that differs between them. A
// thread that has evaluated nothing yet has no programs, and says what each evaluation should have given.
namespace tandem::testing {
namespace {

ndarray in_a_new_thread(const std::function<ndarray()>& work) {
  ndarray result;
  std::thread([&] { result = work(); }).join();
  return result;
}

void expect_same_as_compiled(const std::function<ndarray()>& work, const char* what, std::int64_t number) {
  const ndarray here = work();
  const ndarray there = in_a_new_thread(work);
  EXPECT_TRUE(same(here, there)) << what << " " << number;
}

TEST(ProgramCache, SlicesOfOneShape) {
  const ndarray a = eval(reshape(arange(0.0, 600.0), {20, 30}));
  const ndarray b = eval(cos(a));
  for (std::int64_t i = 0; i < 20; ++i) {
    expect_same_as_compiled([&] { return eval(a[i] * b[19 - i] + 0.5 * a[i]); }, "rows", i);
    expect_same_as_compiled([&] { return eval(a(all, i) - b(all, 29 - i)); }, "columns", i);
    expect_same_as_compiled([&] { return eval(sum(a(slice(i, i + 1)) * b, {.axis = 1})); }, "sums", i);
    expect_same_as_compiled([&] { return eval(a[i] + a[(i * 7) % 20]); }, "two views of one storage", i);
    expect_same_as_compiled(
        [&] { return eval(matmul(a(all, slice(0, 10)), b(slice(i, i + 1)).transposed()(slice(0, 10)))); }, "products",
        i);
  }
}

TEST(ProgramCache, ViewsOfWork) {
  const ndarray a = eval(reshape(arange(0.0, 120.0), {10, 12}));
  const ndarray v = eval(sin(arange(12.0)));
  for (std::int64_t i = 0; i < 9; ++i) {
    expect_same_as_compiled([&] { return eval((a * 2.0)(i)); }, "a row", i);
    expect_same_as_compiled([&] { return eval((a * 2.0)(all, i) + 1.0); }, "a column", i);
    expect_same_as_compiled([&] { return eval((a * 2.0)(slice(i, none), slice(none, none, -1))); }, "a slice", i);
    expect_same_as_compiled([&] { return eval((a + 1.0)(newaxis, i, ellipsis, newaxis)); }, "new axes", i);
    expect_same_as_compiled([&] { return eval((a + 1.0)(slice(0, 9, i + 1), 3)); }, "steps", i);
    expect_same_as_compiled([&] { return eval(matmul(a + static_cast<double>(i), v)); }, "squeezed", i);
    EXPECT_EQ(eval((a * 2.0)(i, i)).item<double>(), 2.0 * static_cast<double>(13 * i));
  }
}

TEST(ProgramCache, StridesShapesAndDtypesDiffer) {
  const ndarray a = eval(reshape(arange(0.0, 600.0), {20, 30}));
  const ndarray c = eval(astype(a, float32));
  const std::vector<ndarray> views = {a,
                                      a.transposed(),
                                      a(slice(none, none, -1)),
                                      a(all, slice(0, 15)),
                                      c,
                                      c(slice(0, 20, 2)),
                                      a(0),
                                      a(all, 0),
                                      a(0, 0),
                                      a(slice(3, 4)),
                                      eval(a > 5.0),
                                      c.transposed(),
                                      eval(a * 1.0)};
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < views.size(); ++i) {
      const ndarray& v = views[i];
      const auto number = static_cast<std::int64_t>(i);
      expect_same_as_compiled([&] { return eval(v + v); }, "sum with itself", number);
      expect_same_as_compiled([&] { return eval(v * 2 + 1); }, "numbers", number);
      expect_same_as_compiled([&] { return eval(sum(v)); }, "sum", number);
      expect_same_as_compiled([&] { return eval(reshape(v * 2, {-1})); }, "reshaped", number);
      expect_same_as_compiled([&] { return eval(flip(v * 2)); }, "flipped", number);
    }
  }
}

TEST(ProgramCache, NumbersAreTold) {
  const ndarray a = ones({3});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double x : {0.0, -0.0, 1.0, 2.0, nan, -nan, 1e300}) {
    expect_same_as_compiled([&] { return eval(copysign(a, x) * x); }, "number", static_cast<std::int64_t>(a.size()));
  }
  EXPECT_EQ(eval(a * 2).dtype(), float64);
  EXPECT_EQ(eval(astype(a, int8) * 2).dtype(), int8);
  EXPECT_EQ(eval(astype(a, int8) * 2.0).dtype(), float64);
  EXPECT_EQ(eval(astype(a, int8) * true).dtype(), int8);
  EXPECT_TRUE(std::signbit(eval(a * -0.0).at<double>({0})));
  EXPECT_FALSE(std::signbit(eval(a * 0.0).at<double>({0})));
}

// What a program is given besides arrays: each of its numbers, wherever it stands.
TEST(ProgramCache, NumbersOfOneProgramDiffer) {
  const ndarray a = eval(reshape(arange(0.0, 12.0), {3, 4}));
  const ndarray target = empty({3, 4});
  const std::vector<double> values = {0.0, 1.0, 1.0, 2.0, -0.0, 0.0, 2.0};
  for (std::size_t i = 0; i + 2 < values.size(); ++i) {
    const double x = values[i], y = values[i + 1], z = values[i + 2];
    const auto number = static_cast<std::int64_t>(i);
    expect_same_as_compiled([&] { return eval((a + x) * y - z); }, "a chain", number);
    expect_same_as_compiled([&] { return eval(sum(a * x, {.axis = 0}) * y + cumulative_sum(a - z, {.axis = 0})); },
                            "several stages", number);
    expect_same_as_compiled([&] { return eval(where(a > x, y, a) + matmul(a + z, matrix_transpose(a))(0, 0)); },
                            "products", number);
    expect_same_as_compiled([&] { return eval(concat({full({2, 4}, x), a * y, full({1, 4}, z)})); }, "joins", number);
    expect_same_as_compiled([&] { return eval(full({3}, x)); }, "an array of it", number);
    expect_same_as_compiled(
        [&] {
          target.assign(a * x + y);
          return eval(target / z);
        },
        "an assignment", number);
  }
}

TEST(ProgramCache, NumbersOfAllKindsAndDtypes) {
  for (const dtype type :
       {bool_, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, complex64, complex128}) {
    const ndarray a = eval(astype(arange(5), type));
    const std::vector<scalar> numbers = {true,
                                         false,
                                         0,
                                         1,
                                         3,
                                         std::uint64_t{1} << 63,
                                         0.1,
                                         -2.5,
                                         std::nan("1"),
                                         std::complex<double>(0.5, -0.25),
                                         std::complex<double>(-0.0, 1.0)};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (is_integer(type) && !numbers[i].fits(type) && numbers[i].default_dtype() == uint64) continue;
      SCOPED_TRACE(name(type));
      expect_same_as_compiled([&] { return eval(a + numbers[i]); }, "plus", static_cast<std::int64_t>(i));
      expect_same_as_compiled([&] { return eval(astype(a * numbers[i], complex128) * a); }, "times",
                              static_cast<std::int64_t>(i));
    }
  }
}

// Work that a device has not begun when the next number is given.
TEST(ProgramCache, NumbersOfWorkThatIsDoneLater) {
  const device where = device::simulated("h200:44");
  const ndarray a = eval(arange(0.0, 1000.0));
  std::vector<ndarray> results;
  for (int i = 0; i < 50; ++i) results.push_back(eval(a * static_cast<double>(i) + 0.5 * i, {.device = where}));
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(
        same(results[static_cast<std::size_t>(i)], eval(a * static_cast<double>(i) + 0.5 * i, {.device = device::cpu})))
        << i;
  }
}

TEST(ProgramCache, OneArrayTwiceIsNotTwoArrays) {
  const ndarray a = eval(arange(0.0, 8.0));
  const ndarray b = eval(arange(8.0, 16.0));
  for (int round = 0; round < 2; ++round) {
    expect_same_as_compiled([&] { return eval(a * b - a); }, "a b a", round);
    expect_same_as_compiled([&] { return eval(a * a - b); }, "a a b", round);
    expect_same_as_compiled([&] { return eval(a * b - b); }, "a b b", round);
    expect_same_as_compiled([&] { return eval(b * a - b); }, "b a b", round);
  }
}

TEST(ProgramCache, KeptResultsAndStaleOperands) {
  const ndarray a = ones({4});
  for (int round = 0; round < 3; ++round) {
    const expr e = a + 1.0;
    EXPECT_EQ(eval(e * 2.0).at<double>({0}), 4.0);
    const ndarray kept = eval(e);
    EXPECT_EQ(eval(e * 2.0).at<double>({0}), 4.0) << "from the kept result";
    kept.assign(5.0);
    EXPECT_EQ(eval(e * 2.0).at<double>({0}), 4.0) << "the kept result was written to, so it is computed anew";
    const expr late = a * 3.0;
    a.assign(1.0);
    EXPECT_THROW(eval(late), stale_expression);
  }
}

TEST(ProgramCache, AssignmentsToMovingTargets) {
  const auto work = [](std::int64_t from, std::int64_t to) {
    const ndarray a = eval(reshape(arange(0.0, 100.0), {10, 10}));
    const ndarray source = a(slice(from, from + 4));
    const ndarray target = a(slice(to, to + 4));
    target.assign(source * 2.0 + a(slice(to, to + 4)));
    target += source;
    return a;
  };
  for (std::int64_t from = 0; from < 6; ++from) {
    for (std::int64_t to = 0; to < 6; ++to) {
      expect_same_as_compiled([&] { return work(from, to); }, "from row", 10 * from + to);
    }
  }
}

// More structures than are kept, so that some are compiled again.
TEST(ProgramCache, ManyStructures) {
  const ndarray a = eval(arange(0.0, 64.0));
  for (int round = 0; round < 2; ++round) {
    for (std::int64_t i = 1; i <= 300; ++i) {
      const ndarray v = a(slice(0, 1 + i % 60, 1 + i / 60));
      EXPECT_EQ(eval(sum(v * static_cast<double>(i))).item<double>(),
                static_cast<double>(i) * eval(sum(v)).item<double>())
          << i;
    }
  }
}

}  // namespace
}  // namespace tandem::testing
