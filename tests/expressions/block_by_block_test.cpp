#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <tandem/tandem.h>

// Reductions and products whose result is too large for the caches, with element-wise work on it: the same bits as one
// after the other, and less memory. Large enough for a last-level cache of 32 MiB; with a larger one they are done
// one after the other.
namespace tandem::testing {
namespace {

struct example {
  std::string name;
  std::function<expr()> inner;
  std::function<expr(const expr&)> outer;
};

std::vector<example> examples() {
  const ndarray a = sin(reshape(arange(4.5e6 * 3), {4'500'000, 3}));
  const ndarray wide = reshape(a, {3, 4'500'000});
  const ndarray deep = reshape(a, {1500, 3, 3000});
  const ndarray x = reshape(a, {1'687'500, 8});
  const ndarray w = cos(reshape(arange(8.0 * 5), {8, 5}));
  const ndarray row = arange(5.0);
  const ndarray column = reshape(arange(4.5e6), {4'500'000});
  const ndarray batch = reshape(a(slice(0, 4'480'000)), {210'000, 8, 8});
  return {
      {"norms of rows", [=] { return sum(a * a, {.axis = 1}); }, [](const expr& r) { return sqrt(r) + 1.0; }},
      {"means of rows", [=] { return sum(a, {.axis = -1}); }, [](const expr& r) { return r / 3.0; }},
      {"across rows", [=] { return sum(square(wide), {.axis = 0}); }, [](const expr& r) { return sqrt(r) * 0.5; }},
      {"middle axis", [=] { return max(deep, {.axis = 1}); }, [](const expr& r) { return exp(r) - r; }},
      {"beside a large operand", [=] { return sum(a, {.axis = 1}); }, [=](const expr& r) { return r * column - r; }},
      {"thin product", [=] { return matmul(x, w); }, [=](const expr& r) { return maximum(r + row, 0.0); }},
      {"product of transposed", [=] { return matmul(x, matrix_transpose(cos(reshape(arange(40.0), {5, 8})))); },
       [=](const expr& r) { return r * row; }},
      {"batch", [=] { return matmul(batch, batch); }, [](const expr& r) { return r * 2.0 - 1.0; }},
      {"float32", [=] { return sum(astype(a, dtype::float32), {.axis = 1}); },
       [](const expr& r) { return abs(r) + 1.0; }},
  };
}

bool same(const ndarray& x, const ndarray& y) {
  return x.dtype() == y.dtype() && x.shape() == y.shape() && eval(all(x == y)).item<bool>();
}

TEST(BlockByBlock, GivesTheSameBitsAsOneAfterTheOther) {
  for (const example& each : examples()) {
    const ndarray inner = each.inner();
    const ndarray separate = each.outer(inner);
    const ndarray together = each.outer(each.inner());
    EXPECT_TRUE(same(together, separate)) << each.name;
    const ndarray alone = eval(each.outer(each.inner()), {.workers = 1});
    EXPECT_TRUE(same(alone, separate)) << each.name << ", one worker";
    const ndarray three = eval(each.outer(each.inner()), {.workers = 3});
    EXPECT_TRUE(same(three, separate)) << each.name << ", three workers";
  }
}

TEST(BlockByBlock, WritesViewsAndArraysThatItReads) {
  for (const example& each : examples()) {
    const ndarray wanted = each.outer(each.inner());
    dims wider = wanted.shape();
    wider.push_back(2);
    const ndarray gaps = full(wider, -7.0, wanted.dtype());
    gaps(ellipsis, 1).assign(each.outer(each.inner()));
    EXPECT_TRUE(same(gaps(ellipsis, 1), wanted)) << each.name;
    EXPECT_TRUE(eval(all(gaps(ellipsis, 0) == -7.0)).item<bool>()) << each.name;
  }
  const ndarray a = sin(reshape(arange(4.5e6 * 3), {4'500'000, 3}));
  const ndarray norms = sqrt(sum(a * a, {.axis = 1}));
  a(all, 0).assign(sqrt(sum(a * a, {.axis = 1})));
  EXPECT_TRUE(same(eval(positive(a(all, 0))), norms));
}

TEST(BlockByBlock, AResultUsedTwiceIsKeptWhole) {
  const ndarray a = sin(reshape(arange(4.5e6 * 3), {4'500'000, 3}));
  const expr sums = sum(a, {.axis = 1});
  const ndarray both = eval(sqrt(abs(sums)) + sum(sums) * 0.0);
  EXPECT_TRUE(same(both, eval(sqrt(abs(eval(sum(a, {.axis = 1})))))));
}

}  // namespace
}  // namespace tandem::testing
