#include <gtest/gtest.h>

#include <map>
#include <string>
#include <variant>
#include <vector>

#include <tandem/tandem.h>

#include "codegen/nvrtc/nvrtc.h"
#include "cuda/codegen/lowered.h"
#include "ops/compile.h"
#include "support/elements.h"

// Kernels over rows, for repeating and for products as NVRTC sees them. What they compute is seen on the host.
namespace tandem::cuda {
namespace {

using testing::all_dtypes;

/// Texts of kernels by their names, without doubles.
class texts {
 public:
  void add(const expr& what) {
    const ops::program code = ops::compile(what.node()).code;
    for (const granularity grain : {granularity::fused, granularity::single}) {
      for (const step& each : lower(code, grain).steps) {
        if (const auto* made = std::get_if<launch>(&each)) texts_.try_emplace(made->code->name, made->code->text());
      }
    }
  }

  /// Many in one translation unit.
  void compile(const std::string& architecture) const {
    ASSERT_FALSE(texts_.empty());
    std::string all;
    for (const auto& [name, text] : texts_) all += text;
    EXPECT_EQ(complaints(all, architecture), "") << architecture;
  }

 private:
  std::map<std::string, std::string> texts_;
};

class RowKernels : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_nvrtc(); !why.empty()) GTEST_SKIP() << why;
  }
};

// Rows of neighbours, rows side by side, and rows in pieces.
void add_forms(texts& to, dtype type, expr (*work)(const expr& x, std::int64_t axis)) {
  const ndarray x = ones({70, 3000}, type);
  to.add(work(x, 1));
  to.add(work(x, 0));
  to.add(work(x(tandem::all, slice(none, none, 2)), 1));
}

texts every_kind(dtype type) {
  texts all;
  add_forms(all, type, [](const expr& x, std::int64_t axis) { return sum(x * x, {.axis = axis, .dtype = x.dtype()}); });
  add_forms(all, type, [](const expr& x, std::int64_t axis) { return cumulative_prod(x, {.axis = axis}); });
  add_forms(all, type, [](const expr& x, std::int64_t axis) {
    return repeat(x, ones({x.shape()[static_cast<int>(axis)]}, dtype::int64), axis);
  });
  if (!is_complex(type)) {
    add_forms(all, type, [](const expr& x, std::int64_t axis) { return max(x, {.axis = axis}); });
    add_forms(all, type, [](const expr& x, std::int64_t axis) { return argmin(x, {.axis = axis}); });
  }
  if (!is_floating(type)) {
    add_forms(all, type, [](const expr& x, std::int64_t) { return matmul(x, matrix_transpose(x)); });
  }
  return all;
}

TEST_F(RowKernels, CompileForHopper) {
  for (const dtype type : {dtype::bool_, dtype::int8, dtype::uint32, dtype::float32, dtype::complex128}) {
    every_kind(type).compile("sm_90");
  }
}

TEST_F(RowKernels, CompileForTheOldestAndTheNewest) {
  const texts some = every_kind(dtype::float64);
  some.compile("sm_75");
  some.compile("sm_120");
}

TEST_F(RowKernels, DISABLED_EveryDtype) {
  for (const dtype type : all_dtypes) {
    for (const char* const architecture : {"sm_75", "sm_90", "sm_120"}) every_kind(type).compile(architecture);
  }
}

}  // namespace
}  // namespace tandem::cuda
