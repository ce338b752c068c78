#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "codegen/emulator/run.h"
#include "cuda/codegen/chain.h"
#include "support/elements.h"

// What the emulator is to catch.
namespace tandem::testing {
namespace {

// One launch of two blocks on a temporary of 252 bytes.
void run_body(const std::string& body) {
  const std::string name = cuda::kernel_name(body);
  const auto text = [=] {
    return cuda::kernel_begin(name, {}) + cuda::kernel_signature(name, 1, 64) + "{\n" + body + "\n}\n" +
           cuda::kernel_end();
  };
  cuda::lowered_program program;
  program.buffers.push_back({ops::buffer::role::temporary, 252, 0, 0});
  program.steps.push_back(
      cuda::launch{std::make_shared<cuda::kernel>(cuda::kernel{body, name, 1, 64, text}), {{0, 0}}, 2, false});
  host_kernels kernels;
  const cuda::lowered_program* const all[] = {&program};
  kernels.make_ready(all);
  const std::vector<std::byte*> buffers{nullptr};
  run_lowered(program, kernels, buffers);
}

const std::string target = "auto* const to = reinterpret_cast<unsigned*>(w.at[0]); ";

TEST(Emulator, RunsSoundKernels) {
  EXPECT_NO_THROW(run_body(target + "__shared__ unsigned x[64]; x[threadIdx.x] = 1; __syncthreads(); "
                                    "if (threadIdx.x < 63) to[threadIdx.x] = x[63 - threadIdx.x];"));
}

TEST(Emulator, CatchesWritesBesideABuffer) {
  EXPECT_TRUE(mentions(text_of<std::runtime_error>([] { run_body(target + "to[threadIdx.x] = 0;"); }), {"beside"}));
  EXPECT_TRUE(mentions(text_of<std::runtime_error>([] { run_body(target + "to[-1] = 0;"); }), {"beside"}));
  EXPECT_DEATH(run_body(target + "to[1 << 16] = 0;"), "");
}

TEST(Emulator, CatchesBarriersThatSomeThreadsMiss) {
  const auto text = [](const std::string& body) { return text_of<std::runtime_error>([&] { run_body(body); }); };
  EXPECT_TRUE(mentions(text("if (threadIdx.x > 7) __syncthreads();"), {"8 of 64 threads", "ended"}));
  EXPECT_TRUE(
      mentions(text("if (threadIdx.x > 7) {\n__syncthreads();\n} else {\n__syncthreads();\n}"), {"wait at lines"}));
}

TEST(Emulator, TellsWhatDoesNotCompile) {
  EXPECT_TRUE(mentions(text_of<std::runtime_error>([] { run_body("missing();"); }), {"do not compile", "missing"}));
}

}  // namespace
}  // namespace tandem::testing
