#include "ops/work.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include <tandem/tandem.h>

#include "ops/compile.h"

namespace td = tandem;
using namespace tandem::ops;

namespace {

std::vector<stage_work> work(const td::expr& of) {
  std::vector<stage_work> list;
  for (const stage& each : compile(of.node()).code.stages) list.push_back(work_of(each));
  return list;
}

void expect(const td::expr& of, std::int64_t flops, std::int64_t bytes, td::dtype type) {
  const std::vector<stage_work> all = work(of);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].flops, flops);
  EXPECT_EQ(all[0].bytes, bytes);
  EXPECT_EQ(all[0].type, type);
}

TEST(StageWork, OfChainsIsThatOfTheirRows) {
  const td::ndarray a = td::ones({6, 5}, td::float32);
  const td::ndarray b = td::full({6, 5}, 2.0, td::float32);
  expect(a + b, 30, 3 * 120, td::float32);
  expect(td::sin(a) * b, 30 * 21, 3 * 120, td::float32);
  expect(td::sin(td::astype(a, td::float64)), 30 * 21, 120 + 240, td::float64);
  expect(a < b, 30, 240 + 30, td::float32);
  expect(td::where(a < b, a, b), 60, 3 * 120, td::float32);
  const td::ndarray z = td::ones({7}, td::complex128);
  expect(z + z, 4 * 7, 2 * 112, td::complex128);
}

TEST(StageWork, CountsWhatIsRepeatedOnce) {
  const td::ndarray a = td::ones({6, 5}, td::float64);
  const td::ndarray row = td::full({5}, 2.0);
  const td::ndarray one = td::full({1, 1}, 3.0);
  expect(a + row, 30, 240 + 40 + 240, td::float64);
  expect(a * one, 30, 240 + 8 + 240, td::float64);
  expect(a * a, 30, 2 * 240, td::float64);
  expect(a(td::all, td::slice(0, 2)) + 1.0, 12, 2 * 96, td::float64);
}

TEST(StageWork, OfReductionsScansAndSearches) {
  const td::ndarray a = td::ones({6, 5}, td::float32);
  expect(td::sum(a, {.axis = 1}), 30, 120 + 24, td::float32);
  expect(td::sum(a * a), 60, 120 + 4, td::float32);
  expect(td::argmax(a, {.axis = 0}), 30, 120 + 40, td::float32);
  expect(td::cumulative_sum(a, {.axis = 0}), 30, 240, td::float32);
}

TEST(StageWork, OfProductsAndCopies) {
  const td::ndarray x = td::ones({2, 3, 4}, td::float64);
  const td::ndarray y = td::ones({4, 5}, td::float64);
  expect(td::matmul(x, y), 2 * 2 * 3 * 5 * 4, 8 * (24 + 20 + 30), td::float64);
  expect(td::matmul(td::astype(td::ones({3, 0}), td::float64), td::zeros({0, 4})), 0, 8 * 12, td::float64);
  const td::ndarray c = td::ones({2, 2}, td::complex64);
  expect(td::matmul(c, c), 8 * 8, 8 * 12, td::complex64);
  expect(td::repeat(td::ones({3}, td::int32), td::array<std::int64_t>({1, 2, 3})), 0, 12 + 24 + 24, td::int32);
}

TEST(StageWork, OfNothingIsNothing) {
  EXPECT_TRUE(work(td::ones({0, 5}) + 1.0).empty());
  expect(td::sum(td::ones({0, 5})), 0, 8, td::float64);
}

TEST(StageWork, DoesNotOverflow) {
  const std::int64_t many = std::int64_t{1} << 59;
  const td::expr huge = td::broadcast_to(td::ones({1}), {many});
  expect(td::sum(td::sin(huge)), std::numeric_limits<std::int64_t>::max(), 8 + 8, td::float64);
}

}  // namespace
