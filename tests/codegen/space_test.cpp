#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "cuda/codegen/space.h"
#include "cuda/device/space.h"

// Merging of axes, and the offsets that kernels compute from a space's words.
namespace tandem::cuda {
namespace {

TEST(Space, JoinsAxesWhereAllOperandsAllow) {
  const std::vector<dims> contiguous{dims{12, 4, 1}, dims{12, 4, 1}};
  EXPECT_EQ(merged({2, 3, 4}, contiguous, {0, 1, 2}).extents, (dims{24}));
  const std::vector<dims> rows{dims{12, 4, 1}, dims{0, 0, 1}};
  const space by_rows = merged({2, 3, 4}, rows, {0, 1, 2});
  EXPECT_EQ(by_rows.extents, (dims{6, 4}));
  EXPECT_EQ(by_rows.strides[0], (dims{4, 1}));
  EXPECT_EQ(by_rows.strides[1], (dims{0, 1}));
}

TEST(Space, LeavesOutAxesOfExtentOne) {
  const std::vector<dims> strides{dims{77, 3, 99, 1}};
  EXPECT_EQ(merged({1, 5, 1, 3}, strides, {0, 1, 2, 3}).extents, (dims{15}));
  EXPECT_EQ(merged({1, 1, 1, 1}, strides, {0, 1, 2, 3}).extents, (dims{}));
  EXPECT_EQ(merged({1, 5, 1, 3}, strides, {1}).strides[0], (dims{3}));
}

TEST(Space, OfNoElementsHasExtentZero) {
  const std::vector<dims> strides{dims{3, 1}};
  const space none = merged({0, 3}, strides, {0, 1});
  EXPECT_EQ(none.extents, (dims{0}));
  EXPECT_EQ(none.size(), 0);
  EXPECT_EQ(merged({0, 3}, strides, {1}).size(), 3);
}

TEST(Space, Needs64BitsFromTwoToThe31On) {
  constexpr std::int64_t beyond = std::int64_t{1} << 31;
  const auto narrow = [](std::int64_t extent, std::int64_t stride) {
    return fits_32_bits({dims{extent}, {dims{stride}}});
  };
  EXPECT_TRUE(narrow(beyond - 1, 0));
  EXPECT_FALSE(narrow(beyond, 0));
  EXPECT_TRUE(narrow(2, beyond - 1));
  EXPECT_FALSE(narrow(2, beyond));
  EXPECT_TRUE(narrow(2, 1 - beyond));
  EXPECT_FALSE(narrow(2, -beyond));
  EXPECT_FALSE(narrow(3, beyond / 2));
  EXPECT_FALSE(fits_32_bits({dims{2, 2}, {dims{beyond / 2, beyond / 2}}}));
  EXPECT_FALSE(fits_32_bits({dims{4}, {dims{INT64_MAX}}}));
}

template <class Index>
void check_offsets(const std::vector<std::int64_t>& extents, const std::vector<std::vector<std::int64_t>>& strides) {
  ASSERT_EQ(extents.size(), 3u);
  ASSERT_EQ(strides.size(), 2u);
  space made{dims(extents), {dims(strides[0]), dims(strides[1])}};
  std::vector<word> words(1);  // one word before
  append_space(made, 2, words);
  ASSERT_EQ(static_cast<int>(words.size()), 1 + td::space_words(3, 2));
  ASSERT_EQ(space_words(3, 2), td::space_words(3, 2));
  td::words<1 + td::space_words(3, 2)> w{};
  for (std::size_t i = 0; i < words.size(); ++i) w.at[i] = static_cast<unsigned long long>(words[i].value);
  const std::int64_t size = made.size();
  const std::int64_t step = size > 100000 ? size / 50021 : 1;
  for (std::int64_t linear = 0; linear < size; linear += step) {
    std::int64_t expected[2] = {5, 7};
    std::int64_t rest = linear;
    for (std::size_t axis = 3; axis-- > 0;) {
      for (std::size_t k = 0; k < 2; ++k) expected[k] += rest % extents[axis] * strides[k][axis];
      rest /= extents[axis];
    }
    td::offsets<2, Index> o{{5, 7}};
    td::add_offsets<3>(w, 1, static_cast<Index>(linear), o);
    for (std::size_t k = 0; k < 2; ++k) {
      ASSERT_EQ(static_cast<td::math::make_signed_t<Index>>(o.at[k]), expected[k]) << linear << " of " << size;
    }
  }
}

TEST(Space, KernelsFindElements) {
  check_offsets<unsigned>({3, 5, 7}, {{35, 7, 1}, {-1, 0, -100}});
  check_offsets<unsigned>({2, 2, 2}, {{1, 2, 4}, {0, 0, 0}});
  check_offsets<unsigned>({65521, 3, 10923}, {{32769, 10923, 1}, {0, -1, 0}});
  check_offsets<unsigned>({2, 536870911, 2}, {{1, 1, 0}, {-1, 0, 0}});
  check_offsets<unsigned>({2, 2, 536870911}, {{0, 1, 1}, {0, -1, 0}});
  check_offsets<unsigned long long>({3, 5, 7}, {{35, 7, 1}, {-1, 0, -100}});
  check_offsets<unsigned long long>({70000, 70001, 3}, {{210003, 3, 1}, {-5000000000, 1, 0}});
}

// Every divisor from 2 on up to a bound and around powers of two, with the numbers where a quotient changes.
TEST(Space, DividesExactly) {
  std::vector<std::int64_t> divisors;
  for (std::int64_t d = 2; d < 3000; ++d) divisors.push_back(d);
  for (int shift = 12; shift < 31; ++shift) {
    for (std::int64_t d = -2; d <= 2; ++d) divisors.push_back((std::int64_t{1} << shift) + d);
  }
  divisors.push_back(INT32_MAX);
  divisors.push_back(INT32_MAX - 1);
  for (const std::int64_t d : divisors) {
    std::vector<word> words;
    append_space({dims{d}, {}}, 0, words);
    const auto multiplier = static_cast<unsigned long long>(words[1].value);
    const std::int64_t last = INT32_MAX / d * d;
    for (std::int64_t n : {std::int64_t{0}, d - 1, d, 2 * d - 1, 2 * d, last - 1, last, std::int64_t{INT32_MAX}}) {
      if (n > INT32_MAX) continue;
      ASSERT_EQ(td::divided(static_cast<unsigned>(n), static_cast<unsigned long long>(d), multiplier), n / d)
          << n << " / " << d;
    }
  }
}

}  // namespace
}  // namespace tandem::cuda
