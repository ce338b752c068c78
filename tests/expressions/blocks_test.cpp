#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <string>
#include <vector>

#include <tandem/tandem.h>

// Operands whose neighbours lie along another axis than the result's, large enough to be visited block by block. Which
// elements meet is computed here.
namespace tandem::testing {
namespace {

// Element number i of an array is i mod 101, which every dtype has, as it has sums of two.
template <class T>
ndarray numbered(const dims& shape, std::int64_t shift) {
  const ndarray made = zeros(shape, dtype_of<T>);
  T* const to = made.data<T>();
  for (std::int64_t i = 0; i < made.size(); ++i) to[i] = static_cast<T>((i + shift) % 101);
  return made;
}

std::int64_t number_at(std::int64_t place, std::int64_t shift) { return (place + shift) % 101; }

template <class T>
class Blocks : public ::testing::Test {};
using element_types = ::testing::Types<std::uint8_t, std::int16_t, float, double, std::complex<double>>;
TYPED_TEST_SUITE(Blocks, element_types);

TYPED_TEST(Blocks, TransposedAndContiguous) {
  using T = TypeParam;
  for (const auto& [rows, columns] : {std::pair{700, 530}, {512, 1024}, {37, 20000}, {20000, 9}, {1031, 641}}) {
    const ndarray x = numbered<T>({columns, rows}, 0);
    const ndarray y = numbered<T>({rows, columns}, 5);
    const ndarray sum = x.transposed() + y;
    const ndarray copied = eval(x.transposed() + T(0));
    const T* const got = sum.data<const T>();
    const T* const copy = copied.data<const T>();
    ASSERT_TRUE(sum.is_contiguous());
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) {
        const std::int64_t first = number_at(j * rows + i, 0);
        ASSERT_EQ(got[i * columns + j], static_cast<T>(first + number_at(i * columns + j, 5))) << i << ", " << j;
        ASSERT_EQ(copy[i * columns + j], static_cast<T>(first)) << i << ", " << j;
      }
    }
  }
}

TYPED_TEST(Blocks, AxesInEveryOrder) {
  using T = TypeParam;
  const dims orders[] = {{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  const dims shape{61, 71, 83};
  const dims strides{71 * 83, 83, 1};
  const ndarray x = numbered<T>(shape, 0);
  for (const dims& order : orders) {
    const ndarray seen = permute_dims(x, order);
    const ndarray y = numbered<T>(seen.shape(), 9);
    const ndarray sum = seen + y;
    const T* got = sum.data<const T>();
    std::int64_t number = 0;
    for (std::int64_t i = 0; i < seen.shape()[0]; ++i) {
      for (std::int64_t j = 0; j < seen.shape()[1]; ++j) {
        for (std::int64_t k = 0; k < seen.shape()[2]; ++k, ++number) {
          const std::int64_t place = i * strides[order[0]] + j * strides[order[1]] + k * strides[order[2]];
          ASSERT_EQ(got[number], static_cast<T>(number_at(place, 0) + number_at(number, 9)))
              << to_string(order) << " " << number;
        }
      }
    }
  }
}

TYPED_TEST(Blocks, IntoViewsAndFromReversedOnes) {
  using T = TypeParam;
  const std::int64_t rows = 600;
  const std::int64_t columns = 550;
  const ndarray x = numbered<T>({columns, rows}, 0);
  const ndarray y = numbered<T>({rows, columns}, 3);
  const ndarray wide = full({rows, columns + 7}, 100, dtype_of<T>);
  wide(all, slice(4, 4 + columns)).assign(matrix_transpose(flip(x)) + y, {.workers = 3});
  const ndarray gaps = full({rows, 2 * columns}, 100, dtype_of<T>);
  gaps(all, slice(none, none, 2)).assign(x.transposed() + y);
  const ndarray back = zeros({columns, rows}, dtype_of<T>);
  back.transposed().assign(y + x.transposed());
  const T* const got = wide.data<const T>();
  const T* const turned = back.data<const T>();
  const T* const spread = gaps.data<const T>();
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      const std::int64_t other = number_at(i * columns + j, 3);
      const std::int64_t reversed = number_at((columns - 1 - j) * rows + (rows - 1 - i), 0);
      ASSERT_EQ(got[i * (columns + 7) + 4 + j], static_cast<T>(reversed + other)) << i << ", " << j;
      const auto sum = static_cast<T>(number_at(j * rows + i, 0) + other);
      ASSERT_EQ(turned[j * rows + i], sum) << i << ", " << j;
      ASSERT_EQ(spread[(i * columns + j) * 2], sum) << i << ", " << j;
      ASSERT_EQ(spread[(i * columns + j) * 2 + 1], static_cast<T>(100)) << i << ", " << j;
    }
    for (const std::int64_t j : {0, 1, 2, 3}) ASSERT_EQ(got[i * (columns + 7) + j], static_cast<T>(100));
    for (const std::int64_t j : {4, 5, 6}) ASSERT_EQ(got[i * (columns + 7) + columns + j], static_cast<T>(100));
  }
}

// 100 MB of operands and result, and rows that are whole cache lines and not: with a last-level cache that is smaller
// they are written past it.
TEST(PastTheCaches, TransposedContiguousAndUneven) {
  for (const std::int64_t columns : {2048, 2051}) {
    const std::int64_t rows = 2056;
    const ndarray x = numbered<double>({columns, rows}, 0);
    const ndarray y = numbered<double>({rows, columns}, 5);
    const ndarray turned = x.transposed() + y;
    const ndarray root = sqrt(x.transposed() + y);  // has no streaming loop of its own
    const ndarray straight = y * 2.0 - y * y + y;
    const ndarray exponent = exp(y * 0.0);
    const double* const t = turned.data<const double>();
    const double* const r = root.data<const double>();
    const double* const s = straight.data<const double>();
    const double* const e = exponent.data<const double>();
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) {
        const std::int64_t place = i * columns + j;
        const auto own = static_cast<double>(number_at(place, 5));
        const double sum = static_cast<double>(number_at(j * rows + i, 0)) + own;
        ASSERT_EQ(t[place], sum) << i << ", " << j;
        ASSERT_EQ(r[place], std::sqrt(sum)) << i << ", " << j;
        ASSERT_EQ(s[place], own * 3 - own * own) << i << ", " << j;
        ASSERT_EQ(e[place], 1.0) << i << ", " << j;
      }
    }
  }
}

TEST(BlocksAndWorkers, HaveTheSameBitsForEveryNumberOfWorkers) {
  const ndarray x = sin(reshape(arange(900.0 * 700.0), {700, 900}));
  const ndarray y = cos(reshape(arange(900.0 * 700.0), {900, 700}));
  const expr work = exp(x.transposed()) * y + x.transposed();
  const ndarray one = eval(work + 0.0, {.workers = 1});
  for (const int workers : {2, 3, 5, 8}) {
    const ndarray many = eval(work + 0.0, {.workers = workers});
    EXPECT_EQ(many.to_vector<double>(), one.to_vector<double>()) << workers;
  }
}

}  // namespace
}  // namespace tandem::testing
