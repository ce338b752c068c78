#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
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

TEST_F(RowKernels, ReductionsCompile) {
  for (const dtype type : all_dtypes) {
    texts all;
    add_forms(all, type, [](const expr& x, std::int64_t axis) { return sum(x, {.axis = axis, .dtype = x.dtype()}); });
    add_forms(all, type, [](const expr& x, std::int64_t axis) { return prod(x, {.axis = axis, .dtype = x.dtype()}); });
    if (!is_complex(type)) {
      add_forms(all, type, [](const expr& x, std::int64_t axis) { return max(x, {.axis = axis}); });
      add_forms(all, type, [](const expr& x, std::int64_t axis) { return argmin(x, {.axis = axis}); });
    }
    add_forms(all, type, [](const expr& x, std::int64_t axis) { return tandem::all(x, {.axis = axis}); });
    all.compile("sm_90");
  }
}

}  // namespace
}  // namespace tandem::cuda
