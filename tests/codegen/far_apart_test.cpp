#include <gtest/gtest.h>

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include <tandem/tandem.h>

#include "codegen/emulator/compare.h"
#include "cuda/codegen/lowered.h"
#include "ops/compile.h"
#include "support/sanitized.h"

// Elements so far apart that kernels count with 64 bits.
namespace tandem::testing {
namespace {

constexpr std::int64_t far = (std::int64_t{1} << 31) + 7;
constexpr std::int64_t rows = 3;
constexpr std::int64_t columns = 50;

// Addresses for three rows, of which only a page each gets memory.
class FarApart : public ::testing::Test {
 protected:
  void SetUp() override {
    if constexpr (is_sanitized) GTEST_SKIP() << "sanitizers keep books of all addresses";
    bytes = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bytes == MAP_FAILED) GTEST_SKIP() << "no 4 GiB of addresses";
    auto* const elements = static_cast<std::int8_t*>(bytes);
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) {
        elements[i * far + j] = static_cast<std::int8_t>((i * 31 + j * 17) % 23 - 11);
      }
    }
    x = wrap(elements, {rows, columns}, {far, 1});
  }
  void TearDown() override {
    x = ndarray();
    if (bytes != nullptr && bytes != MAP_FAILED) munmap(bytes, size_bytes);
  }

  static constexpr std::size_t size_bytes = (rows - 1) * far + columns;
  void* bytes = nullptr;
  ndarray x;
};

TEST_F(FarApart, EveryKindOfStage) {
  const auto made = cuda::lower(ops::compile(sum(x, {.axis = 1}).node()).code, cuda::granularity::fused);
  ASSERT_NE(std::get<cuda::launch>(made.steps[0]).code->key.find(" 64"), std::string::npos) << "no test of 64 bits";
  lowered_cases cases;
  cases.add("elementwise", x * 2 + flip(x));
  cases.add("sum of rows", sum(x, {.axis = 1}));
  cases.add("sum of columns", sum(x, {.axis = 0}));
  cases.add("largest", max(x * x));
  cases.add("argmin of rows", argmin(x, {.axis = 1}));
  cases.add("argmax of columns", argmax(x, {.axis = 0}));
  cases.add("argmax", argmax(flip(x)));
  cases.add("cumulative_sum of rows", cumulative_sum(x, {.axis = 1}));
  cases.add("cumulative_sum of columns", cumulative_sum(x, {.axis = 0}));
  cases.add("repeat", repeat(x, array<std::int64_t>({2, 0, 3}), 0));
  cases.add("matmul", matmul(x, matrix_transpose(x)));
  cases.check();
}

}  // namespace
}  // namespace tandem::testing
