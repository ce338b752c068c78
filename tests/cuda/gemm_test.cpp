#include "cuda/runtime/gemm.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace tandem::cuda {
namespace {

/// Integers, so that sums are exact.
using buffer = std::vector<std::int64_t>;

/// What cuBLAS's documentation says of a call.
void carry_out(const gemm& call, const buffer& x, const buffer& y, buffer& target) {
  ASSERT_GE(call.a.ld, std::max<std::int64_t>(1, call.a.is_transposed ? call.k : call.m));
  ASSERT_GE(call.b.ld, std::max<std::int64_t>(1, call.b.is_transposed ? call.n : call.k));
  ASSERT_GE(call.c.ld, std::max<std::int64_t>(1, call.m));
  ASSERT_FALSE(call.c.is_transposed);
  const buffer& a = call.is_swapped ? y : x;
  const buffer& b = call.is_swapped ? x : y;
  const auto at = [](const gemm::operand& of, std::int64_t batch, std::int64_t i, std::int64_t j) {
    const std::int64_t place = of.is_transposed ? j + i * of.ld : i + j * of.ld;
    return static_cast<std::size_t>(of.offset + batch * of.batch_stride + place);
  };
  for (std::int64_t batch = 0; batch < call.batch; ++batch) {
    for (std::int64_t i = 0; i < call.m; ++i) {
      for (std::int64_t j = 0; j < call.n; ++j) {
        std::int64_t sum = 0;
        for (std::int64_t l = 0; l < call.k; ++l) sum += a.at(at(call.a, batch, i, l)) * b.at(at(call.b, batch, l, j));
        target.at(at(call.c, batch, i, j)) = sum;
      }
    }
  }
}

/// The definition.
void multiply(const product& what, const buffer& x, const buffer& y, buffer& target) {
  const std::size_t rank = what.batch_extents.size();
  std::vector<std::int64_t> index(rank, 0);
  for (std::int64_t extent : what.batch_extents) {
    if (extent == 0) return;
  }
  for (;;) {
    std::array<std::int64_t, 3> base{what.x.offset, what.y.offset, what.target.offset};
    for (std::size_t i = 0; i < rank; ++i) {
      base[0] += index[i] * what.x.batch_strides[i];
      base[1] += index[i] * what.y.batch_strides[i];
      base[2] += index[i] * what.target.batch_strides[i];
    }
    for (std::int64_t i = 0; i < what.m; ++i) {
      for (std::int64_t j = 0; j < what.n; ++j) {
        std::int64_t sum = 0;
        for (std::int64_t l = 0; l < what.k; ++l) {
          sum += x.at(static_cast<std::size_t>(base[0] + i * what.x.row_stride + l * what.x.column_stride)) *
                 y.at(static_cast<std::size_t>(base[1] + l * what.y.row_stride + j * what.y.column_stride));
        }
        target.at(static_cast<std::size_t>(base[2] + i * what.target.row_stride + j * what.target.column_stride)) = sum;
      }
    }
    std::size_t axis = rank;
    while (axis > 0 && ++index[axis - 1] == what.batch_extents[axis - 1]) index[--axis] = 0;
    if (axis == 0) return;
  }
}

/// A matrix of `rows` x `columns` with a stride of 1 along one of them, and a gap.
product::operand operand_of(std::int64_t rows, std::int64_t columns, bool is_row_major, std::int64_t gap) {
  product::operand made;
  made.row_stride = is_row_major ? columns + gap : 1;
  made.column_stride = is_row_major ? 1 : rows + gap;
  return made;
}

/// Batch strides for matrices one after the other in row-major order of the axes, where `is_shared` with one matrix for
/// the whole axis. Returns how many elements all of them take.
std::int64_t set_batch(product::operand& of, const std::vector<std::int64_t>& extents, std::int64_t matrix,
                       unsigned is_shared) {
  of.batch_strides.assign(extents.size(), 0);
  std::int64_t size = std::max<std::int64_t>(matrix, 1);
  for (std::size_t i = extents.size(); i-- > 0;) {
    if ((is_shared >> i & 1) != 0) continue;
    of.batch_strides[i] = size;
    size *= std::max<std::int64_t>(extents[i], 1);
  }
  return size;
}

buffer numbers(std::int64_t count, std::mt19937& random) {
  buffer made(static_cast<std::size_t>(count));
  for (std::int64_t& each : made) each = static_cast<std::int64_t>(random() % 201) - 100;
  return made;
}

void expect_same(const product& what, std::int64_t x_size, std::int64_t y_size, std::int64_t target_size,
                 std::mt19937& random) {
  const buffer x = numbers(x_size, random);
  const buffer y = numbers(y_size, random);
  buffer expected(static_cast<std::size_t>(target_size), -1234567);
  buffer found = expected;
  multiply(what, x, y, expected);
  for (const gemm& call : gemms_of(what)) carry_out(call, x, y, found);
  EXPECT_EQ(found, expected);
}

TEST(Gemm, ComputesProductsOfAllLayouts) {
  std::mt19937 random(5);
  int cases = 0;
  for (const std::int64_t m : {0, 1, 3}) {
    for (const std::int64_t n : {0, 1, 4}) {
      for (const std::int64_t k : {0, 1, 5}) {
        for (unsigned layouts = 0; layouts < 8; ++layouts) {
          for (const std::int64_t gap : {0, 2}) {
            product what;
            what.m = m;
            what.n = n;
            what.k = k;
            what.x = operand_of(m, k, (layouts & 1) != 0, gap);
            what.y = operand_of(k, n, (layouts & 2) != 0, gap);
            what.target = operand_of(m, n, (layouts & 4) != 0, gap);
            what.x.offset = 3;
            what.target.offset = 1;
            SCOPED_TRACE(testing::Message() << m << ' ' << n << ' ' << k << " layouts " << layouts << " gap " << gap);
            expect_same(what, 200, 200, 200, random);
            ++cases;
          }
        }
      }
    }
  }
  EXPECT_EQ(cases, 27 * 16);
}

TEST(Gemm, ComputesBatches) {
  std::mt19937 random(6);
  const std::vector<std::vector<std::int64_t>> batches{{1}, {4}, {0}, {2, 3}, {3, 1, 2}, {1, 1}, {2, 3, 2}, {3, 0}};
  int cases = 0;
  for (const auto& extents : batches) {
    for (unsigned shared_x = 0; shared_x < 8; ++shared_x) {
      for (unsigned shared_y = 0; shared_y < 8; ++shared_y) {
        product what;
        what.m = 2;
        what.n = 3;
        what.k = 4;
        what.batch_extents = extents;
        what.x = operand_of(2, 4, shared_y % 2 == 0, 0);
        what.y = operand_of(4, 3, true, 1);
        what.target = operand_of(2, 3, shared_x % 3 != 0, 0);
        const std::int64_t x_size = set_batch(what.x, extents, 8, shared_x);
        const std::int64_t y_size = set_batch(what.y, extents, 16, shared_y);
        const std::int64_t target_size = set_batch(what.target, extents, 6, 0);
        SCOPED_TRACE(testing::Message() << extents.size() << " axes, shared " << shared_x << ' ' << shared_y);
        expect_same(what, x_size, y_size, target_size, random);
        ++cases;
      }
    }
  }
  EXPECT_EQ(cases, 8 * 64);
}

TEST(Gemm, GoesBackwardsThroughABatch) {
  std::mt19937 random(7);
  product what;
  what.m = 2;
  what.n = 2;
  what.k = 2;
  what.batch_extents = {5};
  what.x = operand_of(2, 2, true, 0);
  what.y = operand_of(2, 2, false, 0);
  what.target = operand_of(2, 2, true, 0);
  what.x.offset = 16;
  what.x.batch_strides = {-4};
  what.y.batch_strides = {4};
  what.target.batch_strides = {4};
  EXPECT_EQ(gemms_of(what).size(), 5U);
  expect_same(what, 20, 20, 20, random);
}

TEST(Gemm, MakesOneCallOfAxesThatFollowOneAnother) {
  product what;
  what.m = what.n = what.k = 2;
  what.batch_extents = {3, 1, 4};
  what.x = what.y = what.target = operand_of(2, 2, true, 0);
  what.x.batch_strides = {16, 99, 4};
  what.y.batch_strides = {0, 5, 0};
  what.target.batch_strides = {16, 7, 4};
  const std::vector<gemm> calls = gemms_of(what);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].batch, 12);
}

}  // namespace
}  // namespace tandem::cuda
