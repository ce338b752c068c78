#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/errors.h>
#include <tandem/manipulation.h>
#include <tandem/products.h>
#include <tandem/statistics.h>

#include "cuda/stand_in/own_gpu.h"

// What a run allocates, and what is left when a call of CUDA's fails.
namespace tandem::testing::stand_in {
namespace {

using cuda::compile_mode;

ndarray operand() { return eval(reshape(arange(0, 3000, 1, float32), {50, 60}) / 1000.0F); }

/// Work of several steps with temporaries, a product among them.
expr some_work(const ndarray& x) { return sum(exp(matmul(x, x.transposed()) - max(x)), {.axis = 0}) + 1.0F; }

class Running : public ::testing::Test {
 protected:
  void TearDown() override { repair(); }
};

TEST_F(Running, AllocatesWhatItSays) {
  own_gpu& gpu = own_gpu::make();
  const ndarray x = operand();
  const placed_program program(gpu, some_work(x), compile_mode::wait);
  const std::int64_t before = gpu.memory.information().in_use_bytes;
  program.run();
  const cuda::gpu_executable& code = program.code();
  EXPECT_GT(code.temporary_bytes(), 0);
  EXPECT_EQ(gpu.memory.information().peak_bytes, before + code.temporary_bytes());
  EXPECT_EQ(gpu.memory.information().in_use_bytes, before);
}

TEST_F(Running, FailsAndRecoversWhateverCallFails) {
  own_gpu& gpu = own_gpu::make();
  const ndarray x = operand();
  const placed_program program(gpu, some_work(x), compile_mode::wait);
  program.run();
  const std::vector<float> expected = program.result();
  const std::int64_t in_use = gpu.memory.information().in_use_bytes;
  int failures = 0;
  for (const char* const function : {"cudaLaunchKernel", "cudaMallocFromPoolAsync", "cudaFreeAsync", "cublasGemm"}) {
    forget_calls();
    program.run();
    const int calls = calls_of(function);
    EXPECT_GT(calls, 0) << function;
    for (int skipped = 0; skipped < calls; ++skipped) {
      SCOPED_TRACE(std::string(function) + " after " + std::to_string(skipped));
      program.spoil();
      gpu.memory.synchronize();
      const std::int64_t pending_before = pending();
      fail_call(function, cudaErrorInvalidValue, skipped);
      try {
        program.run();
        // A block that cannot be given back is no reason to lose a result.
        EXPECT_STREQ(function, "cudaFreeAsync");
      } catch (const device_error& error) {
        EXPECT_EQ(std::string(error.what()).rfind("gpu:0: '", 0), 0U) << error.what();
        EXPECT_EQ(pending(), pending_before) << "nobody has a mark for what was given";
      }
      repair();
      ++failures;
      EXPECT_EQ(gpu.memory.information().in_use_bytes, in_use);
      program.spoil();
      program.run();
      EXPECT_EQ(program.result(), expected);
    }
  }
  EXPECT_GT(failures, 10);
}

TEST_F(Running, IsOutOfMemoryWhereATemporaryDoesNotFit) {
  own_gpu& gpu = own_gpu::make();
  const ndarray x = operand();
  const placed_program program(gpu, some_work(x), compile_mode::wait);
  program.run();
  const std::vector<float> expected = program.result();
  // Each of the attempts that `allocate` makes.
  for (int i = 0; i < 4; ++i) fail_call("cudaMallocFromPoolAsync", cudaErrorMemoryAllocation);
  try {
    program.run();
    FAIL() << "it has memory";
  } catch (const out_of_memory& error) {
    EXPECT_NE(std::string(error.what()).find("gpu:0: cannot allocate"), std::string::npos) << error.what();
  }
  repair();
  program.run();
  EXPECT_EQ(program.result(), expected);
}

TEST_F(Running, GivesWhatIsCachedToCublas) {
  own_gpu& gpu = own_gpu::make();
  const ndarray x = operand();
  const placed_program program(gpu, matmul(x, x.transposed()), compile_mode::wait);
  fail_call("cudaMalloc", cudaErrorMemoryAllocation);
  forget_calls();
  program.run();
  EXPECT_EQ(calls_of("cudaMalloc"), 2);
  EXPECT_GT(calls_of("cudaMemPoolTrimTo"), 0);
  EXPECT_EQ(program.result().size(), 2500U);
}

TEST_F(Running, KnowsWhetherItMayWriteInPart) {
  own_gpu& gpu = own_gpu::make();
  const ndarray x = operand();
  EXPECT_FALSE(placed_program(gpu, x + x, compile_mode::wait).code().may_write_in_part());
  EXPECT_EQ(placed_program(gpu, x + x, compile_mode::wait).code().temporary_bytes(), 0);
}

TEST_F(Running, LosesADeviceForGood) {
  own_gpu& gpu = own_gpu::make();
  const ndarray x = operand();
  const placed_program program(gpu, some_work(x), compile_mode::wait);
  program.run();
  const memory::mark_ptr mark = gpu.memory.make_mark();
  fail_call("cudaEventSynchronize", cudaErrorIllegalAddress);
  std::string text;
  try {
    program.result();
    ADD_FAILURE() << "the device works";
  } catch (const device_error& error) {
    text = error.what();
  }
  EXPECT_EQ(
      text,
      "gpu:0 failed in 'copy to the host', after 'matmul, max, sum, add' was given to it (cudaErrorIllegalAddress: "
      "an illegal memory access was encountered) and cannot be used by this process any more");
  // Also when CUDA itself would go on.
  repair();
  forget_calls();
  const auto expect_same = [&](const auto& call) {
    try {
      call();
      ADD_FAILURE() << "the device works";
    } catch (const device_error& error) {
      EXPECT_EQ(error.what(), text);
    }
  };
  expect_same([&] { program.run(); });
  expect_same([&] { program.result(); });
  expect_same([&] { gpu.memory.allocate(1); });
  expect_same([&] { gpu.memory.synchronize(); });
  expect_same([&] { gpu.memory.make_mark(); });
  expect_same([&] { gpu.memory.information(); });
  expect_same([&] { mark->wait(); });
  EXPECT_TRUE(mark->is_reached()) << "it never will be";
  EXPECT_EQ(gpu.memory.trim(), 0);
  EXPECT_EQ(calls_of("cudaLaunchKernel"), 0);
  // The host goes on.
  EXPECT_EQ(eval(x + x).size(), 3000);
}

}  // namespace
}  // namespace tandem::testing::stand_in
