#include <gtest/gtest.h>

#include <cstdint>

#include <tandem/tandem.h>

#include "backend/backend.h"
#include "ops/compile.h"
#include "runtime/caches.h"

// Which stages are done together.
namespace tandem::backend {
namespace {

bool is_together(const expr& what) { return cpu().prepare(ops::compile(what.node()).code)->may_write_in_part(); }

// Results of four times the last-level cache's share, made of arrays that take no memory.
class BlockByBlock : public ::testing::Test {
 protected:
  std::int64_t rows = runtime::last_level_cache_bytes() / 8;
  ndarray a = broadcast_to(ones({1, 1}), {rows, 3});
  ndarray w = ones({3, 4});
};

TEST_F(BlockByBlock, LargeResultsThatOneStageReads) {
  EXPECT_TRUE(is_together(sqrt(sum(a, {.axis = 1}))));
  EXPECT_TRUE(is_together(matmul(a, w) + 1.0));
  EXPECT_FALSE(is_together(sum(sqrt(sum(a, {.axis = 1}))))) << "the second is a reduction";
}

TEST_F(BlockByBlock, NotWhereThatWouldChangeOrGainNothing) {
  EXPECT_FALSE(is_together(sum(a, {.axis = 1})));
  EXPECT_FALSE(is_together(sqrt(sum(a, {.axis = 0})))) << "a small result";
  const expr sums = sum(a, {.axis = 1});
  EXPECT_FALSE(is_together(sums / max(sums))) << "read by two stages";
  EXPECT_FALSE(is_together(sqrt(flip(sums)))) << "read from its end";
  EXPECT_FALSE(is_together(a - sum(a, {.axis = 1, .keepdims = true}))) << "read many times";
  EXPECT_FALSE(is_together(matmul(broadcast_to(ones({1, 1}), {rows / 4, 300}), ones({300, 4})) + 1.0)) << "deep";
}

}  // namespace
}  // namespace tandem::backend
