#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// Errors are thrown where an expression is built, before anything runs, and say what was given.
namespace tandem::testing {
namespace {

TEST(Building, NamesShapesThatDoNotBroadcast) {
  const ndarray a = ones({3, 4}, float32);
  const ndarray b = ones({5, 4});
  const std::string text = text_of<shape_error>([&] { static_cast<void>(expr(a) + b); });
  EXPECT_TRUE(mentions(text, {"add", "(3, 4)", "(5, 4)", "axis 0", "float32", "float64"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { static_cast<void>(atan2(a, b)); }), {"atan2", "(3, 4)", "(5, 4)"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { static_cast<void>(where(expr(a) > 0, b, a)); }),
                       {"where", "(3, 4)", "(5, 4)"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { static_cast<void>(clip(a, b, 1)); }), {"maximum", "(5, 4)"}));
  EXPECT_THROW(static_cast<void>(expr(ones({0})) + ones({2})), shape_error);
  EXPECT_THROW(static_cast<void>(expr(ones({2, 3})) == ones({3, 2})), shape_error);
  EXPECT_EQ((expr(ones({0})) + ones({1})).shape(), dims({0}));
  EXPECT_EQ((expr(ones({3, 1})) + ones({1, 4})).shape(), dims({3, 4}));
  EXPECT_EQ((expr(ones({4})) + ones({2, 1, 1})).shape(), dims({2, 1, 4}));
}

TEST(Building, NamesDtypesThatAnOperationDoesNotTake) {
  const ndarray z = ones({2}, complex64);
  const ndarray f = ones({2, 2}, float32);
  const ndarray n = ones({2}, int16);
  const ndarray flags = ones({2}, bool_);
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { static_cast<void>(expr(z) < 1); }), {"less", "complex64", "(2,)"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { static_cast<void>(expr(f) & f); }),
                       {"bitwise_and", "float32", "(2, 2)", "integers"}));
  EXPECT_TRUE(
      mentions(text_of<dtype_error>([&] { static_cast<void>(expr(f) << 1); }), {"bitwise_left_shift", "float32"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { static_cast<void>(expr(flags) - flags); }), {"subtract", "bool"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { static_cast<void>(-expr(flags)); }), {"negative", "bool"}));
  EXPECT_TRUE(
      mentions(text_of<dtype_error>([&] { static_cast<void>(floor_divide(z, z)); }), {"floor_divide", "complex64"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { static_cast<void>(hypot(z, f)); }), {"hypot", "complex64"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { static_cast<void>(astype(z, float32)); }),
                       {"astype", "complex64", "float32"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { static_cast<void>(max(z)); }), {"max", "complex64"}));
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { static_cast<void>(argmin(z)); }), {"argmin", "complex64"}));
  EXPECT_THROW(static_cast<void>(sum(z, {.dtype = float64})), dtype_error);
  EXPECT_THROW(static_cast<void>(expr(n) & 1.5), dtype_error);
  EXPECT_THROW(static_cast<void>(expr(n) + 40000), dtype_error);
  // Integers and booleans given to functions of floats are float64.
  EXPECT_EQ(sin(n).dtype(), float64);
  EXPECT_EQ((expr(n) / n).dtype(), float64);
  EXPECT_EQ(sqrt(flags).dtype(), float64);
  EXPECT_EQ(abs(z).dtype(), float32);
  EXPECT_EQ((expr(n) < 3).dtype(), bool_);
}

TEST(Building, NamesAxes) {
  const expr x = expr(ones({2, 3})) * 2;
  EXPECT_TRUE(
      mentions(text_of<index_error>([&] { static_cast<void>(sum(x, {.axis = 2})); }), {"sum", "axis 2", "2 axes"}));
  EXPECT_TRUE(
      mentions(text_of<index_error>([&] { static_cast<void>(mean(x, {.axis = {0, -2}})); }), {"mean", "-2", "twice"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { static_cast<void>(argmax(x, {.axis = -3})); }), {"argmax", "-3"}));
  EXPECT_TRUE(mentions(text_of<argument_error>([&] { static_cast<void>(cumulative_sum(x)); }),
                       {"cumulative_sum", "axis", "(2, 3)"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { static_cast<void>(min(zeros({2, 0}), {.axis = 1})); }),
                       {"min", "axis 1", "(2, 0)"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { static_cast<void>(argmax(zeros({0}))); }), {"argmax", "(0,)"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { static_cast<void>(matmul(x, x)); }), {"matmul", "3", "2", "(2, 3)"}));
  EXPECT_TRUE(
      mentions(text_of<shape_error>([&] { static_cast<void>(matmul(x, ones({}))); }), {"matmul", "float64", "()"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { static_cast<void>(concat({x, ones({2, 2})}, 0)); }),
                       {"concat", "(2, 3)", "(2, 2)"}));
  EXPECT_TRUE(
      mentions(text_of<shape_error>([&] { static_cast<void>(stack({x, ones({3})})); }), {"stack", "(2, 3)", "(3,)"}));
  EXPECT_THROW(static_cast<void>(concat({x}, 2)), index_error);
  EXPECT_THROW(static_cast<void>(concat({})), argument_error);
}

TEST(Building, RejectsSizesThatOverflow) {
  const std::int64_t many = std::int64_t{1} << 40;
  const ndarray one = ones({1}, int8);
  const expr tall = broadcast_to(one, {many, 1});
  const expr wide = broadcast_to(one, {1, many});
  EXPECT_THROW(static_cast<void>(tall + wide), shape_error);
  EXPECT_THROW(static_cast<void>(where(tall > 0, wide, 1)), shape_error);
  EXPECT_THROW(static_cast<void>(matmul(tall, wide)), shape_error);
  EXPECT_THROW(static_cast<void>(tile(broadcast_to(one, {many}), {many})), shape_error);
  EXPECT_THROW(static_cast<void>(repeat(broadcast_to(one, {many}), many)), shape_error);
  EXPECT_THROW(static_cast<void>(astype(broadcast_to(one, {many, 1 << 20}), complex128)), shape_error)
      << "too many bytes";
  EXPECT_EQ(tall.size(), many);
}

TEST(Building, HasNoEffect) {
  const ndarray a = ones({2});
  try {
    static_cast<void>(expr(a) + ones({3}));
  } catch (const shape_error&) {
  }
  EXPECT_EQ(elements_of<double>(expr(a) + a), (std::vector<double>{2, 2}));
}

TEST(Building, DescribesTheResultWithoutComputingIt) {
  const std::int64_t many = std::int64_t{1} << 50;
  const expr enormous = broadcast_to(ones({1}, float32), {many}) * 2 + 1;
  EXPECT_EQ(enormous.shape(), dims({many}));
  EXPECT_EQ(enormous.size(), many);
  EXPECT_EQ(enormous.rank(), 1);
  EXPECT_EQ(enormous.dtype(), float32);
  EXPECT_THROW(eval(enormous), out_of_memory);
  EXPECT_EQ(zeros_like(enormous(slice(0, 3))).shape(), dims({3}));
}

}  // namespace
}  // namespace tandem::testing
