#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "arrays/model.h"
#include "support/elements.h"

// Arrays over memory that the caller owns.
namespace tandem::testing {
namespace {

TEST(Wrap, SeesTheCallersMemoryWithoutACopy) {
  std::vector<float> memory = {1, 2, 3, 4, 5, 6};
  const ndarray a = wrap(memory.data(), {2, 3});
  EXPECT_EQ(a.data<float>(), memory.data());
  EXPECT_EQ(a.dtype(), float32);
  EXPECT_TRUE(a.is_writable());
  EXPECT_TRUE(a.is_contiguous());
  memory[4] = 50;
  EXPECT_EQ(a.at<const float>({1, 1}), 50);
  a(1) = 7;
  EXPECT_EQ(memory, (std::vector<float>{1, 2, 3, 7, 7, 7}));
  EXPECT_EQ(address_of(eval(a)), address_of(a)) << "evaluating an array copies nothing";
}

TEST(Wrap, CallsTheDeleterOnceWhenTheLastHandleIsGone) {
  std::vector<int> memory = {1, 2, 3, 4};
  int calls = 0;
  void* released = nullptr;
  const auto deleter = [&](void* data) {
    ++calls;
    released = data;
  };
  {
    ndarray view;
    {
      const ndarray a = wrap(memory.data() + 3, {4}, dims{-1}, deleter);
      const ndarray copy = a;
      view = a(slice(1, 3));
    }
    EXPECT_EQ(calls, 0) << "a view holds the memory";
    EXPECT_EQ(elements_of<int>(view), (std::vector<int>{3, 2}));
  }
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(released, memory.data() + 3) << "called with the pointer that was given, not with the lowest address";

  calls = 0;
  {
    auto work = std::make_unique<expr>(expr(wrap(memory.data(), {4}, deleter)) + 1);
    EXPECT_EQ(calls, 0) << "an expression holds the memory";
    EXPECT_EQ(elements_of<int>(*work), (std::vector<int>{2, 3, 4, 5}));
    EXPECT_EQ(calls, 0);
    work.reset();
    EXPECT_EQ(calls, 1);
  }
  calls = 0;
  {
    const ndarray nothing = wrap(static_cast<int*>(nullptr), {0, 3}, deleter);
  }
  EXPECT_EQ(calls, 1) << "also for an array without elements";
}

TEST(Wrap, DoesNotCallTheDeleterOfWhatItRejects) {
  std::vector<std::int64_t> memory(8);
  int calls = 0;
  const auto deleter = [&](void*) { ++calls; };
  auto* const data = memory.data();
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { wrap(data, {2, -1}, deleter); }), {"wrap", "(2, -1)"}));
  EXPECT_TRUE(
      mentions(text_of<shape_error>([&] { wrap(data, {2, 2}, dims{1}, deleter); }), {"wrap", "1 strides", "(2, 2)"}));
  EXPECT_TRUE(
      mentions(text_of<shape_error>([&] { wrap(static_cast<int*>(nullptr), {1}, deleter); }), {"wrap", "null"}));
  EXPECT_THROW(wrap(data, {INT64_MAX, 2}, deleter), shape_error);
  EXPECT_THROW(wrap(data, {INT64_MAX}, deleter), shape_error);
  EXPECT_THROW(wrap(data, {3, 3}, dims{INT64_MAX / 2, INT64_MAX / 2}, deleter), shape_error);
  EXPECT_THROW(wrap(data, {3}, dims{INT64_MIN}, deleter), shape_error);
  EXPECT_THROW(wrap(data, {3}, dims{INT64_MAX / 4}, deleter), shape_error) << "fits in elements, not in bytes";
  EXPECT_THROW(wrap(data, {2, 2}, dims{INT64_MIN / 8, INT64_MAX / 8}, deleter), shape_error);
  auto* const bytes = reinterpret_cast<char*>(data);
  const std::string text = text_of<argument_error>([&] { wrap(reinterpret_cast<double*>(bytes + 4), {1}, deleter); });
  EXPECT_TRUE(mentions(text, {"wrap", "aligned", "8 bytes", "float64"}));
  EXPECT_THROW(wrap(reinterpret_cast<std::int16_t*>(bytes + 1), {1}, deleter), argument_error);
  EXPECT_EQ(calls, 0);
}

TEST(Wrap, AlignsComplexNumbersAsTheirParts) {
  std::vector<double> parts = {9, 1, 2, 3, 4};
  const ndarray z = wrap(reinterpret_cast<std::complex<double>*>(parts.data() + 1), {2});
  EXPECT_EQ(elements_of<std::complex<double>>(expr(z) * 2), (std::vector<std::complex<double>>{{2, 4}, {6, 8}}));
  EXPECT_EQ(elements_of<double>(imag(z)), (std::vector<double>{2, 4}));
}

TEST(Wrap, OfConstantMemoryIsReadOnly) {
  const std::vector<double> memory = {1, 2, 3};
  const ndarray a = wrap(memory.data(), {3});
  EXPECT_FALSE(a.is_writable());
  EXPECT_EQ(a.data<const double>(), memory.data());
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { a.data<double>(); }), {"data", "float64", "read-only"}));
  EXPECT_THROW(a(0) = 1, dtype_error);
  EXPECT_THROW(a.assign(0), dtype_error);
  EXPECT_THROW(a += 1, dtype_error);
  EXPECT_THROW(static_cast<void>(a.at<double>({0})), dtype_error);
  EXPECT_THROW(static_cast<void>(a.span<double>()), dtype_error);
  // Views and results that are views stay read-only; results of work do not.
  EXPECT_FALSE(a(slice(1, 3)).is_writable());
  EXPECT_FALSE(a.transposed().is_writable());
  EXPECT_FALSE(eval(reshape(a, {3, 1})).is_writable());
  EXPECT_TRUE(eval(expr(a) + 1).is_writable());
  EXPECT_EQ(memory, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(elements_of<double>(a), memory);
}

TEST(Wrap, TakesAnyStrides) {
  random_numbers random(301);
  for (int round = 0; round < 400; ++round) {
    const dims shape = random_shape(4, 5, random);
    dims strides;
    std::int64_t lowest = 0;
    std::int64_t highest = 0;
    for (const std::int64_t extent : shape) {
      strides.push_back(random.between(-7, 7));
      const std::int64_t reach = std::max<std::int64_t>(extent - 1, 0) * strides.back();
      (reach < 0 ? lowest : highest) += reach;
    }
    // Memory of just the right size, so that the address sanitizer sees a step beyond it.
    const auto memory = std::make_unique<std::int64_t[]>(static_cast<std::size_t>(highest - lowest + 1));
    for (std::int64_t i = lowest; i <= highest; ++i) memory[static_cast<std::size_t>(i - lowest)] = i;
    const ndarray a = wrap(memory.get() - lowest, shape, strides);
    EXPECT_EQ(a.strides(), strides);
    // Each element is its own distance from element 0.
    const std::vector<std::int64_t> expected = distances_of(shape, strides);
    EXPECT_EQ(a.to_vector<std::int64_t>(), expected) << to_string(shape) << " " << to_string(strides);
    EXPECT_EQ(elements_of<std::int64_t>(expr(a) * 1), expected) << to_string(shape) << " " << to_string(strides);
    std::int64_t total = 0;
    for (const std::int64_t each : expected) total += each;
    EXPECT_EQ(eval(sum(a)).item<std::int64_t>(), total) << to_string(shape) << " " << to_string(strides);
  }
}

TEST(Wrap, WritesThroughNegativeStrides) {
  std::vector<std::int16_t> memory(12, 0);
  const ndarray a = wrap(memory.data() + 11, {3, 4}, dims{-4, -1});
  a.assign(positions({3, 4}));
  EXPECT_EQ(memory, (std::vector<std::int16_t>{11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}));
  a(all, 0) = -1;
  EXPECT_EQ(memory, (std::vector<std::int16_t>{11, 10, 9, -1, 7, 6, 5, -1, 3, 2, 1, -1}));
}

TEST(Wrap, WritesElementsThatRepeatOnce) {
  // A zero stride along a writable array: all places are one element; the last value in row-major order stays.
  std::int32_t only = 5;
  const ndarray a = wrap(&only, {100000}, dims{0});
  a.assign(7);
  EXPECT_EQ(only, 7);
  EXPECT_EQ(eval(sum(a)).item<std::int64_t>(), 700000);
}

}  // namespace
}  // namespace tandem::testing
