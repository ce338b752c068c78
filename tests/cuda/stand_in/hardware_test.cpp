#include "cuda/runtime/hardware.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include <tandem/tandem.h>

#include "cuda/stand_in/device.h"
#include "cuda/stand_in/gpu.h"
#include "cuda/stand_in/own_gpu.h"

// What planners are told of a GPU that nobody has measured.
namespace tandem::testing::stand_in {
namespace {

std::string named(const backend::hardware_hints& in, const std::string& name) {
  const auto found = std::ranges::find(in.identity, name, [](const auto& each) { return each.first; });
  return found == in.identity.end() ? "" : found->second;
}

// 1 GHz, 3 multiprocessors of compute capability 9.0 with 128 units each; memory of 2 GHz and 1024 bits.
TEST(Hardware, IsKnownByClocksAndCounts) {
  const backend::hardware_hints hints = device().hints();
  EXPECT_DOUBLE_EQ(hints.float32_flops, 2 * 1e9 * 3 * 128);
  EXPECT_DOUBLE_EQ(hints.float64_flops, 1e9 * 3 * 128);
  EXPECT_DOUBLE_EQ(hints.bytes_per_s, 2 * 2e9 * 128);
  EXPECT_EQ(hints.launch_us, 0);
  EXPECT_EQ(hints.pageable_bytes_per_s, 0);
  EXPECT_NE(hints.source.find("Stand-in"), std::string::npos);
  EXPECT_EQ(named(hints, "UUID"), "GPU-00000000-0000-0000-0000-000000000000");
  EXPECT_NE(named(hints, "driver").find("CUDA 13.0"), std::string::npos) << named(hints, "driver");
  EXPECT_FALSE(named(hints, "CUDA").empty());
}

TEST(Hardware, SaysZeroOfWhatItDoesNotKnow) {
  // The attributes that are asked for after the properties, all at once.
  for (int i = 0; i < 4; ++i) fail_call("cudaDeviceGetAttribute", cudaErrorInvalidValue);
  const backend::hardware_hints hints = device().hints();
  EXPECT_EQ(hints.bytes_per_s, 0);
  EXPECT_EQ(hints.float32_flops, 0);
  EXPECT_EQ(hints.float64_flops, 0);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  repair();
  fail_call("cudaGetDeviceProperties", cudaErrorInvalidValue);
  EXPECT_THROW(device().hints(), device_error);
  repair();
}

// The device's module waits for the compiler.
TEST(Hardware, ProgramsAreColdUntilTheirKernelsAreCompiled) {
  const ndarray x = ones({5}, float32);
  // A chain that no other test has, so that no file of it is left either.
  const auto program = [&] { return ops::compile((atan2(x, 3.0F) * exp(x) - x / 7.0F + hypot(x, x)).node()).code; };
  const double cold = device().cold_us(program());
  EXPECT_GE(cold, 50e3);
  EXPECT_LE(cold, 500e3);
  device().prepare(program());
  EXPECT_EQ(device().cold_us(program()), 0);
  // What cuBLAS does is never compiled.
  EXPECT_EQ(device().cold_us(ops::compile(matmul(ones({4, 4}), ones({4, 4})).node()).code), 0);
}

TEST(Hardware, KernelsOnDiskAreNotCold) {
  const std::string folder = cache_folder() + "/of_a_process";
  const ndarray x = ones({5}, float32);
  const expr value = exp(x) * 5.0F - log1p(x);
  own_gpu& first = own_gpu::make(folder);
  {
    const placed_program made(first, value, cuda::compile_mode::wait);
    EXPECT_TRUE(first.kernels.has_compiled());
  }
  own_gpu& second = own_gpu::make(folder);
  const cuda::gpu_scope scope(second.where, "test");
  const cuda::lowered_program lowered = cuda::lower(ops::compile(value.node()).code, cuda::granularity::fused);
  int launches = 0;
  for (const cuda::step& each : lowered.steps) {
    const auto* const launch = std::get_if<cuda::launch>(&each);
    if (launch == nullptr) continue;
    ++launches;
    cuda::stored_kernel& kernel = second.kernels.find(launch->code);
    EXPECT_FALSE(kernel.is_ready());
    EXPECT_TRUE(second.kernels.is_at_hand(kernel));
    EXPECT_FALSE(own_gpu::make().kernels.is_at_hand(own_gpu::make().kernels.find(launch->code)));
  }
  EXPECT_GT(launches, 0);
  EXPECT_FALSE(second.kernels.has_compiled());
}

}  // namespace
}  // namespace tandem::testing::stand_in
