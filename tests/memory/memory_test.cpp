#include <gtest/gtest.h>

#include <cctype>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "memory/storage.h"

// No operation allocates more than its result, the results of the reductions and products inside, and O(workers)
// scratch: broadcasts are never made, views are never copied, chains have no temporaries.
namespace tandem::testing {
namespace {

constexpr std::int64_t mebibyte = 1 << 20;
// For tiles, packed blocks and partial results of all workers.
constexpr std::int64_t scratch_bytes = 4 * mebibyte;

struct operation {
  std::string name;
  std::function<expr()> make;
  /// Bytes of results of the reductions and products inside, beyond the scratch.
  std::int64_t inner_bytes = 0;
};

void PrintTo(const operation& what, std::ostream* out) { *out << what.name; }

// About 16 MiB each.
struct operands {
  ndarray a = positive({2048, 1024}, float64);
  ndarray b = positive({2048, 1024}, float64);
  ndarray turned = positive({1024, 2048}, float64).transposed();
  ndarray cube = positive({128, 128, 128}, float64);
  ndarray narrow = positive({1 << 20, 2}, float64);
  ndarray wide = positive({2, 1 << 20}, float64);
  ndarray line = positive({1 << 21}, float64);
  ndarray bytes = positive({4096, 4096}, uint8);
  ndarray integers = positive({2048, 2048}, int32);
  ndarray flags = ones({4096, 4096}, bool_);
  ndarray row = positive({1024}, float64);
  ndarray column = positive({2048, 1}, float64);
  ndarray square = positive({1024, 1024}, float64);
  ndarray small_integers = positive({400, 400}, int32);
  ndarray complex_numbers = positive({1024, 1024}, complex128);
  ndarray every_second = positive({4096, 2048}, float64)(slice(none, none, 2), slice(none, none, 2));

  static ndarray positive(const dims& shape, dtype type) {
    const ndarray result = empty(shape, type);
    result.assign(reshape(arange(1, 1 + expr(result).size()), shape) % 97 + 1);
    return result;
  }
};

const operands& given() {
  static const operands all_of_them;
  return all_of_them;
}

std::vector<operation> operations() {
  const operands& g = given();
  std::vector<operation> list = {
      {"add", [&] { return expr(g.a) + g.b; }},
      {"add a row", [&] { return expr(g.a) + g.row; }},
      {"add a column", [&] { return expr(g.a) + g.column; }},
      {"outer sum", [&] { return expr(g.column) + g.row; }},
      {"add a number", [&] { return expr(g.a) + 1.5; }},
      {"add transposed", [&] { return expr(g.a) + g.turned; }},
      {"a long chain", [&] { return sqrt(expr(g.a) * g.b + g.row) - g.column / g.a + exp(-expr(g.b)); }},
      {"where", [&] { return where(expr(g.a) > g.row, g.b, g.turned); }},
      {"clip", [&] { return clip(g.a, 3, g.column); }},
      {"astype", [&] { return astype(g.a, float32); }},
      {"astype wider", [&] { return astype(g.bytes, float64); }},
      {"compare", [&] { return expr(g.bytes) == 3; }},
      {"integers divide", [&] { return expr(g.integers) / 7; }},
      {"tril", [&] { return tril(g.a, 3); }},
      {"triu", [&] { return triu(g.turned, -3); }},
      {"sum", [&] { return sum(g.a); }},
      {"sum of integers", [&] { return sum(g.integers); }},
      {"sum of bytes over rows", [&] { return sum(g.bytes, {.axis = 1}); }},
      {"sum of a broadcast", [&] { return sum(broadcast_to(g.row, {2048, 1024}) + g.column); }},
      {"sum of squared differences", [&] { return sum(square(expr(g.a) - g.b), {.axis = 0}); }},
      {"sum of squared differences, transposed", [&] { return sum(square(expr(g.a) - g.turned), {.axis = 1}); }},
      {"mean", [&] { return mean(g.a); }},
      {"mean over rows", [&] { return mean(g.a, {.axis = 1, .keepdims = true}); }},
      {"mean of integers", [&] { return mean(g.integers, {.axis = 0}); }},
      {"var", [&] { return var(g.a); }},
      {"var of a transposed", [&] { return var(g.turned, {.axis = 0}); }},
      {"var of complex numbers", [&] { return var(g.complex_numbers, {.axis = 1}); }},
      {"std over columns", [&] { return std(g.a, {.axis = 0}); }},
      {"normalise", [&] { return (expr(g.a) - mean(g.a)) / std(g.a); }},
      {"normalise columns", [&] { return (expr(g.a) - mean(g.a, {.axis = 0})) / std(g.a, {.axis = 0}); }},
      {"normalise rows",
       [&] {
         return (expr(g.a) - mean(g.a, {.axis = 1, .keepdims = true})) / std(g.a, {.axis = 1, .keepdims = true});
       }},
      {"prod", [&] { return prod(g.wide, {.axis = 1}); }},
      {"min", [&] { return min(g.turned); }},
      {"max over columns", [&] { return max(g.a, {.axis = 0}); }},
      {"max of short rows", [&] { return max(g.narrow, {.axis = 1}); }},
      {"all", [&] { return all(g.flags); }},
      {"all of a comparison", [&] { return all(expr(g.a) == g.turned); }},
      {"any over rows", [&] { return any(g.flags, {.axis = 1}); }},
      {"any of numbers", [&] { return any(g.a, {.axis = 0}); }},
      {"count_nonzero", [&] { return count_nonzero(g.a); }},
      {"argmax", [&] { return argmax(g.a); }},
      {"argmax of all, transposed", [&] { return argmax(g.turned); }},
      {"argmin over columns", [&] { return argmin(g.a, {.axis = 0}); }},
      {"argmin of work", [&] { return argmin(square(expr(g.a) - g.b), {.axis = 1}); }},
      {"argmax of short rows", [&] { return argmax(g.narrow, {.axis = 1}); }},
      {"running sums of a line", [&] { return cumulative_sum(g.line); }},
      {"running sums along rows", [&] { return cumulative_sum(g.a, {.axis = 1}); }},
      {"running sums along columns", [&] { return cumulative_sum(g.a, {.axis = 0}); }},
      {"running sums of short rows", [&] { return cumulative_sum(g.narrow, {.axis = 1}); }},
      {"running sums of short columns", [&] { return cumulative_sum(g.wide, {.axis = 0}); }},
      {"running products with an initial one",
       [&] { return cumulative_prod(g.a, {.axis = 0, .dtype = std::nullopt, .include_initial = true}); }},
      {"concat", [&] { return concat({g.a, g.b}); }},
      {"concat of work along rows", [&] { return concat({expr(g.a) + 1, g.turned, sqrt(g.b)}, 1); }},
      {"concat of everything flattened", [&] { return concat({g.a, g.row, g.turned}, std::nullopt); }},
      {"concat of sums", [&] { return concat({sum(g.a, {.axis = 0, .keepdims = true}), g.a}); }},
      {"stack", [&] { return stack({g.a, g.turned}); }},
      {"stack last", [&] { return stack({g.a, g.b, expr(g.a) * 2}, -1); }},
      {"roll", [&] { return roll(g.a, {100}); }},
      {"roll along an axis", [&] { return roll(g.a, {5}, 1); }},
      {"flip", [&] { return flip(g.a); }},
      {"flip of work", [&] { return flip(expr(g.a) + 1); }},
      {"a part of a view of work", [&] { return permute_dims(expr(g.a) + 1, {1, 0})(slice(0, 2000)); }},
      {"tile", [&] { return tile(g.a, {2, 3}); }},
      {"tile of work", [&] { return tile(expr(g.row) * 2, {2048, 2}); }},
      {"repeat", [&] { return repeat(g.a, 3, 0); }},
      {"repeat flat", [&] { return repeat(g.a, 2); }},
      {"repeat by counts", [&] { return repeat(g.a, arange(1024) % 3, 1); }},
      {"reshape to a copy", [&] { return reshape(g.turned, {-1}); }},
      {"reshape of work", [&] { return reshape(expr(g.turned) * 2, {4096, 512}); }},
      {"reshape to a view", [&] { return reshape(g.a, {512, 4096}); }},
      {"broadcast_to", [&] { return broadcast_to(g.row, {100000, 1024}); }},
      {"moveaxis and add", [&] { return moveaxis(g.cube, {0}, {2}) + g.cube; }},
      {"matmul", [&] { return matmul(g.a, g.square); }},
      {"matmul of transposed", [&] { return matmul(matrix_transpose(g.a), g.a); }},
      {"matmul of every second", [&] { return matmul(g.every_second, g.square); }},
      {"matmul of reversed",
       [&] { return matmul(g.a(slice(none, none, -1), slice(none, none, -1)), g.square(all, slice(none, none, -1))); }},
      {"matmul by a broadcast", [&] { return matmul(g.a, broadcast_to(g.row(all, newaxis), {1024, 1024})); }},
      {"matmul of a broadcast batch", [&] { return matmul(g.cube, broadcast_to(g.cube[0], {128, 128, 128})); }},
      {"matmul of bytes", [&] { return matmul(g.bytes(slice(0, 300)), g.bytes(all, slice(0, 300))); }},
      {"matmul of integers", [&] { return matmul(g.small_integers, g.small_integers.transposed()); }},
      {"matmul of complex numbers",
       [&] {
         return matmul(g.complex_numbers(slice(none, none, 2)), g.complex_numbers.transposed()(all, slice(0, 64)));
       }},
      {"matrix times vector", [&] { return matmul(g.a, g.row); }},
      {"vector times matrix", [&] { return matmul(g.row, g.a.transposed()); }},
      {"strided matrix times vector", [&] { return matmul(g.every_second, g.row(slice(none, none, -1))); }},
      {"dot", [&] { return matmul(g.line, g.line(slice(none, none, -1))); }},
      {"vecdot", [&] { return vecdot(g.a, g.row); }},
      {"vecdot along columns", [&] { return vecdot(g.a, g.b, 0); }},
      {"tensordot", [&] { return tensordot(g.cube, g.cube, 2); }},
      {"work on a product", [&] { return matmul(g.square, g.square) + 1; }, 8 * mebibyte},
  };
  return list;
}

class Memory : public ::testing::TestWithParam<operation> {};

// Peak of the allocations above what was held before.
std::int64_t peak_of(const std::function<void()>& work) {
  const std::int64_t before = host_memory().in_use_bytes;
  reset_peak_host_memory();
  work();
  return host_memory().peak_bytes - before;
}

TEST_P(Memory, IsTheResultAndScratch) {
  const operation& what = GetParam();
  for (const int workers : {1, 2, 4}) {
    std::int64_t result_bytes = 0;
    const std::int64_t peak = peak_of([&] {
      const ndarray result = eval(what.make(), {.workers = workers});
      result_bytes = result.size_bytes();
      // A view costs nothing beyond its array.
      if (what.name == "broadcast_to" || what.name == "flip" || what.name == "reshape to a view") result_bytes = 0;
    });
    EXPECT_LE(peak, result_bytes + what.inner_bytes + scratch_bytes)
        << what.name << ", " << workers << " workers: result " << result_bytes / 1e6 << " MB, peak " << peak / 1e6
        << " MB";
  }
}

INSTANTIATE_TEST_SUITE_P(Operations, Memory, ::testing::ValuesIn(operations()), [](const auto& tested) {
  std::string title;
  for (const char each : tested.param.name) title += std::isalnum(static_cast<unsigned char>(each)) != 0 ? each : '_';
  return title;
});

TEST(MemoryOfAssignments, IsScratchAloneWithoutOverlap) {
  const operands& g = given();
  const ndarray target = zeros({2048, 1024});
  const std::vector<std::pair<const char*, std::function<void()>>> assignments = {
      {"a number", [&] { target.assign(3); }},
      {"an array", [&] { target.assign(g.a); }},
      {"a transposed array", [&] { target.assign(g.turned); }},
      {"a row", [&] { target.assign(g.row); }},
      {"work", [&] { target.assign(expr(g.a) * g.b + g.row); }},
      {"another dtype", [&] { target.assign(reshape(g.integers(slice(0, 1024)), {2048, 1024})); }},
      {"in place", [&] { target += g.a; }},
      {"in place with itself", [&] { target *= target; }},
      {"work with itself", [&] { target.assign(expr(target) * 0.5 + sqrt(target)); }},
      {"a part of itself", [&] { target(slice(0, 1024)) = target(slice(1024, none)); }},
      {"through a transposed view", [&] { target.transposed().assign(g.turned.transposed()); }},
      {"running sums", [&] { target.assign(cumulative_sum(g.a, {.axis = 0})); }},
      {"a product", [&] { target.assign(matmul(g.a, g.square)); }},
      {"a product into every second column",
       [&] { target(all, slice(none, none, 2)) = matmul(g.a, g.square(all, slice(0, 512))); }},
      {"a normalised array", [&] { target.assign((expr(g.a) - mean(g.a)) / std(g.a)); }},
  };
  for (const auto& [name_of, assign] : assignments) {
    EXPECT_LE(peak_of(assign), scratch_bytes) << name_of;
  }
}

// The parts of a join are written one after the other: a failure between them must not leave the target half changed.
TEST(MemoryOfAssignments, IsOneCopyForJoins) {
  const operands& g = given();
  const ndarray target = zeros({2048, 1024});
  const std::int64_t bound = target.size_bytes() + scratch_bytes;
  EXPECT_LE(peak_of([&] { target.assign(concat({g.a(slice(0, 1000)), g.b(slice(1000, none))})); }), bound);
  EXPECT_LE(peak_of([&] { target.assign(roll(g.a, {3}, 0)); }), bound);
}

TEST(MemoryOfAssignments, IsOneCopyWithOverlap) {
  const operands& g = given();
  const ndarray target = ones({2048, 1024});
  EXPECT_LE(peak_of([&] { target(slice(1, none)) = target(slice(none, -1)); }), target.size_bytes() + scratch_bytes);
  EXPECT_LE(peak_of([&] { target.assign(flip(target)); }), target.size_bytes() + scratch_bytes);
  EXPECT_LE(peak_of([&] { target += target(0); }), target.size_bytes() + scratch_bytes);
  // Several stages write a join. One of them could fail when another one has written, so that it is made beside the
  // target.
  EXPECT_LE(peak_of([&] { target.assign(roll(g.a, {3}, 0)); }), target.size_bytes() + scratch_bytes);
  EXPECT_LE(peak_of([&] { target.assign(concat({g.a(slice(0, 1000)), g.b(slice(1000, none))})); }),
            target.size_bytes() + scratch_bytes);
}

TEST(MemoryOfViews, IsNone) {
  const operands& g = given();
  EXPECT_EQ(peak_of([&] { static_cast<void>(eval(permute_dims(g.cube, {2, 0, 1}))); }), 0);
  EXPECT_EQ(peak_of([&] { static_cast<void>(eval(expr(g.a)(slice(none, none, 2)))); }), 0);
  EXPECT_EQ(peak_of([&] { static_cast<void>(eval(broadcast_to(g.row, {std::int64_t{1} << 30, 1024}))); }), 0);
  EXPECT_EQ(peak_of([&] { static_cast<void>(meshgrid({g.row, g.row})); }), 0);
}

TEST(MemoryOfExpressions, IsFreedWithThem) {
  const operands& g = given();
  const std::int64_t before = host_memory().in_use_bytes;
  {
    const expr work = expr(g.a) + 1;
    static_cast<void>(eval(work));
    EXPECT_GE(host_memory().in_use_bytes - before, g.a.size_bytes()) << "the result is kept";
  }
  EXPECT_EQ(host_memory().in_use_bytes, before);
  try {
    static_cast<void>(eval(concat({expr(g.a) + 1, broadcast_to(g.row, {std::int64_t{1} << 45, 1024})})));
    ADD_FAILURE() << "that much memory was given";
  } catch (const out_of_memory&) {
  }
  EXPECT_EQ(host_memory().in_use_bytes, before) << "after a failure";
}

}  // namespace
}  // namespace tandem::testing
