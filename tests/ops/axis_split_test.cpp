#include "backend/cpu/axis_split.h"

#include <gtest/gtest.h>

#include "core/layout.h"

namespace td = tandem;
using namespace tandem::backend;

namespace {

td::ops::fused_chain chain_over(const td::detail::layout& at) {
  td::ops::fused_chain chain;
  chain.shape = at.shape;
  chain.type = td::float64;
  chain.sources.push_back({0, at});
  chain.source_types.push_back(td::float64);
  return chain;
}

TEST(AxisSplit, LastAxisOfRowMajorIsTheMiddle) {
  const axis_split split = split_axes(chain_over(td::core::contiguous({50, 1000})), {1});
  EXPECT_EQ(split.outer, 50);
  EXPECT_EQ(split.middle, 1000);
  EXPECT_EQ(split.inner, 1);
}

TEST(AxisSplit, FirstAxisOfRowMajorLeavesTheInnerOne) {
  const axis_split split = split_axes(chain_over(td::core::contiguous({50, 1000})), {0});
  EXPECT_EQ(split.outer, 1);
  EXPECT_EQ(split.middle, 50);
  EXPECT_EQ(split.inner, 1000);
}

TEST(AxisSplit, FollowsMemoryNotNumbering) {
  const auto transposed = td::core::permute(td::core::contiguous({1000, 500}), {1, 0});
  const axis_split split = split_axes(chain_over(transposed), {0});
  EXPECT_EQ(split.inner, 1);
  EXPECT_EQ(split.middle, 500);
  EXPECT_EQ(split.outer * split.inner, 1000);
}

TEST(AxisSplit, ShortRunsGoAcross) {
  const axis_split split = split_axes(chain_over(td::core::contiguous({1000, 3})), {1});
  EXPECT_EQ(split.outer, 1);
  EXPECT_EQ(split.middle, 3);
  EXPECT_EQ(split.inner, 1000);
}

TEST(AxisSplit, GroupsMultiplyToAllElements) {
  for (const td::dims& shape : {td::dims{3, 4, 5, 6}, td::dims{1, 7, 1, 200}, td::dims{600, 2, 2}}) {
    for (const td::dims& worked : {td::dims{0}, td::dims{1, 2}, td::dims{0, 2}, td::dims{2}}) {
      const axis_split split = split_axes(chain_over(td::core::contiguous(shape)), worked);
      EXPECT_EQ(split.outer * split.middle * split.inner, td::core::size_of(shape));
      EXPECT_EQ(split.order.size(), shape.size());
      EXPECT_EQ(split.kept.size() + worked.size(), shape.size());
    }
  }
}

TEST(AxisSplit, ResultOrderCountsWithoutWorkedAxes) {
  EXPECT_EQ(result_order({3, 0}, {1, 2}), (td::dims{1, 0}));
  EXPECT_EQ(result_order({}, {0, 1}), td::dims{});
}

TEST(WorkGrid, CoversTheMiddleWithoutEmptyChunks) {
  for (const std::int64_t middle : {1, 511, 512, 513, 8192, 1'000'003}) {
    for (const std::int64_t inner : {1, 3, 512, 5000}) {
      for (const std::int64_t outer : {1, 5, 100}) {
        axis_split split;
        split.outer = outer;
        split.middle = middle;
        split.inner = inner;
        const work_grid grid(split, 512, 16);
        EXPECT_LT((grid.chunks - 1) * grid.rows_a_chunk, middle);
        EXPECT_GE(grid.chunks * grid.rows_a_chunk, middle);
        EXPECT_GE(grid.rows_of_inner * grid.row_width, inner);
        EXPECT_LE(grid.rows_a_step * grid.row_width, 512);
      }
    }
  }
}

}  // namespace
