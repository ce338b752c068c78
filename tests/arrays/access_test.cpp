#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <tandem/tandem.h>

#include "arrays/model.h"
#include "support/elements.h"

// Typed access to elements: refused for another dtype, for another arrangement, and for writing where that is not
// allowed.
namespace tandem::testing {
namespace {

TEST(Data, IsGivenForTheElementTypeOnly) {
  for (const dtype type : all_dtypes) {
    const ndarray a = ones({2, 2}, type);
    for (const dtype asked : all_dtypes) {
      with_dtype(asked, [&]<class T>() {
        if (asked == type) {
          EXPECT_NE(a.data<T>(), nullptr);
          EXPECT_EQ(a.data<const T>(), a.data<T>());
          EXPECT_EQ(a.span<T>().size(), 4U);
          EXPECT_EQ(a.at<T>({1, 1}), T(1));
          EXPECT_EQ(a.to_vector<T>(), std::vector<T>(4, T(1)));
          return;
        }
        const std::string text = text_of<dtype_error>([&] { a.data<const T>(); });
        EXPECT_TRUE(mentions(text, {std::string(name(type)).c_str(), std::string(name(asked)).c_str()}));
        EXPECT_THROW(a.data<T>(), dtype_error);
        EXPECT_THROW(static_cast<void>(a.span<const T>()), dtype_error);
        EXPECT_THROW(static_cast<void>(a.at<const T>({0, 0})), dtype_error);
        EXPECT_THROW(static_cast<void>(a.to_vector<T>()), dtype_error);
      });
    }
  }
}

TEST(Data, IsTheAddressOfTheFirstElementOfAView) {
  const ndarray a = positions({4, 5});
  EXPECT_EQ(a(1, slice(2, none)).data<const std::int64_t>(), a.data<const std::int64_t>() + 7);
  EXPECT_EQ(*a(slice(none, none, -1), slice(none, none, -2)).data<const std::int64_t>(), 19);
  EXPECT_EQ(*a.transposed()(slice(3, none), 2).data<const std::int64_t>(), 13);
}

TEST(At, ChecksIndices) {
  const ndarray a = positions({2, 3});
  EXPECT_EQ(a.at<const std::int64_t>({-1, -3}), 3);
  a.at<std::int64_t>({0, 1}) = 50;
  EXPECT_EQ(a(0, 1).item<std::int64_t>(), 50);
  EXPECT_TRUE(mentions(text_of<index_error>([&] { static_cast<void>(a.at<const std::int64_t>({0, 3})); }),
                       {"at", "3", "axis 1", "(2, 3)"}));
  EXPECT_TRUE(mentions(text_of<index_error>([&] { static_cast<void>(a.at<const std::int64_t>({0})); }),
                       {"at", "1 indices", "(2, 3)"}));
  EXPECT_THROW(static_cast<void>(a.at<const std::int64_t>({-3, 0})), index_error);
  EXPECT_THROW(static_cast<void>(a.at<const std::int64_t>({0, 0, 0})), index_error);
  EXPECT_THROW(static_cast<void>(positions({0}).at<const std::int64_t>({0})), index_error);
  EXPECT_EQ(positions({}).at<const std::int64_t>({}), 0);
  const ndarray turned = a(slice(none, none, -1)).transposed();
  for (std::int64_t i = 0; i < 3; ++i) {
    for (std::int64_t j = 0; j < 2; ++j)
      EXPECT_EQ(turned.at<const std::int64_t>({i, j}), a.at<const std::int64_t>({1 - j, i}));
  }
}

TEST(Span, IsForContiguousElements) {
  const ndarray a = positions({3, 4});
  EXPECT_EQ(a(slice(1, 3)).span<std::int64_t>().size(), 8U);
  EXPECT_EQ(a(slice(1, 3)).span<std::int64_t>()[0], 4);
  EXPECT_TRUE(mentions(text_of<shape_error>([&] { static_cast<void>(a.transposed().span<std::int64_t>()); }),
                       {"span", "(4, 3)", "(1, 4)", "contiguous"}));
  EXPECT_THROW(static_cast<void>(a(all, 0).span<std::int64_t>()), shape_error);
  EXPECT_EQ(a(2, slice(1, 2)).span<std::int64_t>().size(), 1U);
  EXPECT_TRUE(a(slice(0, 0)).transposed().span<std::int64_t>().empty());
}

TEST(ToVector, GathersAnyStrides) {
  random_numbers random(321);
  for (const dtype type : all_dtypes) {
    const ndarray a = random_array(type, {5, 6, 7}, random);
    for (const ndarray& view : {a, a.transposed(), a(slice(none, none, -2), 1),
                                a(all, slice(4, 1, -1), slice(none, none, 3)), eval(broadcast_to(a(0, 0), {3, 7}))}) {
      with_dtype(type, [&]<class T>() { EXPECT_EQ(view.to_vector<T>(), elements_of<T>(view)) << name(type); });
    }
  }
}

TEST(Item, ConvertsTheOnlyElement) {
  EXPECT_EQ(array<int>({{7}}).item<double>(), 7.0);
  EXPECT_EQ(array<double>({2.9}).item<int>(), 2);
  EXPECT_EQ(array<double>({-2.9}).item<int>(), -2);
  EXPECT_EQ(array<double>({1e300}).item<std::int8_t>(), 127);
  EXPECT_EQ(array<double>({-1e300}).item<std::uint16_t>(), 0);
  EXPECT_EQ(array<float>({NAN}).item<std::int64_t>(), 0);
  EXPECT_EQ(array<int>({300}).item<std::uint8_t>(), 44);
  EXPECT_TRUE(array<double>({NAN}).item<bool>());
  EXPECT_EQ(array<float>({2}).item<std::complex<double>>(), std::complex<double>(2, 0));
  const ndarray imaginary = full({}, std::complex<float>(0, 1), complex64);
  EXPECT_TRUE(imaginary.item<bool>());
  EXPECT_TRUE(mentions(text_of<dtype_error>([&] { imaginary.item<float>(); }), {"complex64", "float32"}));
  EXPECT_TRUE(mentions(text_of<shape_error>([] { array<int>({1, 2}).item<int>(); }), {"item", "(2,)", "one element"}));
  EXPECT_THROW(zeros({0}).item<double>(), shape_error);
  EXPECT_THROW(zeros({0, 1}).item<double>(), shape_error);
  EXPECT_EQ(positions({2, 3})(1, 1).item<int>(), 4);
  EXPECT_EQ(eval(broadcast_to(array<int>({9}), {1, 1, 1})).item<int>(), 9);
}

#if defined(__cpp_lib_mdspan)
TEST(Mdspan, HasTheStridesAndChecksTheRank) {
  const ndarray a = positions({2, 3}).transposed();
  const auto view = a.mdspan<const std::int64_t, 2>();
  EXPECT_EQ(view.extent(0), 3);
  EXPECT_EQ((view[std::array<std::int64_t, 2>{2, 1}]), 5);
  EXPECT_THROW(static_cast<void>((a.mdspan<const std::int64_t, 3>())), shape_error);
}
#endif

}  // namespace
}  // namespace tandem::testing
