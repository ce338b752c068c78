#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <variant>

#include <tandem/tandem.h>

#include "codegen/nvrtc.h"
#include "cuda/codegen/elementwise.h"
#include "ops/compile.h"

namespace tandem::cuda {
namespace {

launch launch_of(const expr& what) {
  const ops::program code = ops::compile(what.node()).code;
  const auto& stage = std::get<ops::elementwise_stage>(code.stages.back());
  return elementwise(stage.chain, stage.target);
}

TEST(Elementwise, Compiles) {
  if (const std::string why = why_no_nvrtc(); !why.empty()) GTEST_SKIP() << why;
  ndarray a = ones({30, 40}, dtype::float32), b = ones({40}, dtype::float32), c = ones({30, 40}, dtype::float64);
  int number = 0;
  for (const expr& what : {a + a, a * 2.0 + a, a + b, permute_dims(a, {1, 0}) + 1.0f, sin(a) * b, a + c,
                           pow(c, c), a < 2.0f, sin(astype(a, dtype::complex64))}) {
    const launch made = launch_of(what);
    const std::string text = made.code->text();
    if (std::getenv("DUMP") != nullptr) std::ofstream("/tmp/hG_out" + std::to_string(number++) + ".cu") << text;
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(complaints(text, "sm_90"), "") << text;
    std::cout << made.code->key << " " << made.blocks << " "
              << std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count() << "\n";
  }
}

}  // namespace
}  // namespace tandem::cuda
