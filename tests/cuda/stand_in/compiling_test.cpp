#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/errors.h>

#include "cuda/runtime/background.h"
#include "cuda/stand_in/own_gpu.h"

// How a program gets its kernels: from the library, from disk, from the compiler, at once or later.
namespace tandem::testing::stand_in {
namespace {

namespace fs = std::filesystem;
using cuda::compile_mode;

/// Several operations, whose kernels are not those of single operations.
expr some_work(const ndarray& x) { return sqrt(x * x + 2.0F) - x / 3.0F; }

ndarray operand() { return arange(0, 1000, 1, float32); }

class Compiling : public ::testing::Test {
 protected:
  void SetUp() override { forget_calls(); }
  void TearDown() override {
    repair();
    set_ready_images(true);
  }

  /// A new folder in the module's.
  static std::string new_folder() {
    static int count = 0;
    return cache_folder() + "/own_" + std::to_string(count++);
  }
};

TEST_F(Compiling, WaitsIfToldTo) {
  own_gpu& gpu = own_gpu::make();
  const ndarray x = operand();
  const placed_program program(gpu, some_work(x), compile_mode::wait);
  EXPECT_EQ(calls_of("nvrtcCompileProgram"), 1);
  program.run();
  EXPECT_EQ(calls_of("cudaLaunchKernel"), 1);
  EXPECT_EQ(program.result(), values_of(eval(some_work(x))));
  // The same kernel with other numbers needs no compiler.
  const placed_program again(gpu, sqrt(x * x + 7.0F) - x / 5.0F, compile_mode::wait);
  EXPECT_EQ(calls_of("nvrtcCompileProgram"), 1);
}

TEST_F(Compiling, RunsSingleOperationsMeanwhileWithTheSameBits) {
  own_gpu& gpu = own_gpu::make();
  const ndarray x = operand();
  // The compiler is kept from beginning by a job before it.
  std::mutex gate;
  std::unique_lock closed(gate);
  cuda::do_in_background([&] { const std::lock_guard wait(gate); });
  const placed_program program(gpu, some_work(x), compile_mode::background);
  // The compiler is started at once, if this is the first use of it, with a kernel of nobody's.
  const int before = calls_of("nvrtcCompileProgram");
  EXPECT_LE(before, 1);
  program.run();
  EXPECT_EQ(calls_of("nvrtcCompileProgram"), before);
  const int launches = calls_of("cudaLaunchKernel");
  EXPECT_GT(launches, 1);
  const std::vector<float> first = program.result();
  closed.unlock();
  cuda::finish_background();
  EXPECT_EQ(calls_of("nvrtcCompileProgram"), before + 1);
  program.spoil();
  program.run();
  EXPECT_EQ(calls_of("cudaLaunchKernel"), launches + 1) << "the fused kernel";
  EXPECT_EQ(program.result(), first);
  EXPECT_EQ(first, values_of(eval(some_work(x))));
}

TEST_F(Compiling, MakesSingleKernelsThatAreMissingAtOnce) {
  set_ready_images(false);
  own_gpu& gpu = own_gpu::make();
  const ndarray x = operand();
  std::mutex gate;
  std::unique_lock closed(gate);
  cuda::do_in_background([&] { const std::lock_guard wait(gate); });
  const placed_program program(gpu, some_work(x), compile_mode::background);
  program.run();
  EXPECT_GT(calls_of("nvrtcCompileProgram"), 1);
  EXPECT_EQ(program.result(), values_of(eval(some_work(x))));
  closed.unlock();
  cuda::finish_background();
}

TEST_F(Compiling, SaysWhyAKernelDoesNotCompile) {
  own_gpu& gpu = own_gpu::make();
  const ndarray x = operand();
  fail_call("nvrtcCompileProgram", cudaErrorInvalidValue);
  try {
    const placed_program program(gpu, some_work(x), compile_mode::wait);
    FAIL() << "it compiles";
  } catch (const device_error& error) {
    EXPECT_NE(std::string(error.what()).find("the stand-in was told to fail"), std::string::npos) << error.what();
  }
  // It would not the next time, either.
  EXPECT_THROW(placed_program(gpu, some_work(x), compile_mode::wait), device_error);
  EXPECT_EQ(calls_of("nvrtcCompileProgram"), 1);
}

TEST_F(Compiling, SaysSoOfTheBackgroundInTheNextRun) {
  own_gpu& gpu = own_gpu::make();
  const ndarray x = operand();
  fail_call("nvrtcCompileProgram", cudaErrorInvalidValue);
  const placed_program program(gpu, some_work(x), compile_mode::background);
  cuda::finish_background();
  EXPECT_THROW(program.run(), device_error);
}

TEST_F(Compiling, TriesAgainWhereOnlyMemoryWasMissing) {
  own_gpu& gpu = own_gpu::make();
  const ndarray x = operand();
  // The first kernel library that is loaded is the ready image.
  fail_call("cudaLibraryLoadData", cudaErrorMemoryAllocation, 1);
  EXPECT_THROW(placed_program(gpu, some_work(x), compile_mode::wait), out_of_memory);
  const placed_program program(gpu, some_work(x), compile_mode::wait);
  program.run();
  EXPECT_EQ(program.result(), values_of(eval(some_work(x))));
}

TEST_F(Compiling, FindsKernelsOfEarlierProcessesOnDisk) {
  const std::string folder = new_folder();
  const ndarray x = operand();
  {
    const placed_program first(own_gpu::make(folder), some_work(x), compile_mode::wait);
  }
  EXPECT_EQ(calls_of("nvrtcCompileProgram"), 1);
  const placed_program later(own_gpu::make(folder), some_work(x), compile_mode::wait);
  EXPECT_EQ(calls_of("nvrtcCompileProgram"), 1);
  later.run();
  EXPECT_EQ(later.result(), values_of(eval(some_work(x))));
}

TEST_F(Compiling, CompilesAgainWhatCudaDoesNotTakeFromDisk) {
  const std::string folder = new_folder();
  const ndarray x = operand();
  {
    const placed_program first(own_gpu::make(folder), some_work(x), compile_mode::wait);
  }
  // An intact entry of the cache whose content is no machine code.
  fail_call("cudaLibraryLoadData", cudaErrorInvalidKernelImage, 1);
  const placed_program later(own_gpu::make(folder), some_work(x), compile_mode::wait);
  EXPECT_EQ(calls_of("nvrtcCompileProgram"), 2);
  later.run();
  EXPECT_EQ(later.result(), values_of(eval(some_work(x))));
  // A damaged one.
  for (const auto& each : fs::directory_iterator(folder)) fs::resize_file(each.path(), fs::file_size(each.path()) / 2);
  const placed_program last(own_gpu::make(folder), some_work(x), compile_mode::wait);
  EXPECT_EQ(calls_of("nvrtcCompileProgram"), 3);
}

}  // namespace
}  // namespace tandem::testing::stand_in
