#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <tandem/tandem.h>

#include "policy/default_guard.h"
#include "support/elements.h"

// Where the work may be done, on a machine without GPUs.
namespace tandem::testing {
namespace {

TEST(Device, ThatIsDemandedAndMissingIsAnError) {
  if (gpu_count() > 0) GTEST_SKIP() << "this machine has GPUs";
  const default_guard guard;
  const ndarray a = ones({4});
  const ndarray square = ones({2, 2});
  const policy demanded{.device = device::gpu(3), .strictness = strictness::strict};
  EXPECT_TRUE(mentions(text_of<device_error>([&] { eval(sum(a), demanded); }), {"sum", "gpu:3", "call"}));
  EXPECT_TRUE(mentions(text_of<device_error>([&] { a.assign(expr(a) + 1, demanded); }), {"add", "gpu:3", "call"}));
  {
    const scoped_policy scope(demanded);
    EXPECT_TRUE(
        mentions(text_of<device_error>([&] { eval(matmul(square, square)); }), {"matmul", "gpu:3", "scoped_policy"}));
    EXPECT_TRUE(mentions(text_of<device_error>([&] { ndarray b = expr(a) * 2; }), {"multiply", "scoped_policy"}));
    EXPECT_EQ(eval(sum(a), {.device = device::cpu}).item<double>(), 4);
    EXPECT_EQ(eval(sum(a), {.strictness = strictness::preferred}).item<double>(), 4);
    const scoped_policy inner({.device = device::automatic});
    EXPECT_EQ(eval(sum(a)).item<double>(), 4);
  }
  set_default_policy(demanded);
  EXPECT_TRUE(mentions(text_of<device_error>([&] { eval(sin(a)); }), {"sin", "gpu:3", "set_default_policy"}));
  EXPECT_EQ(elements_of<double>(a), (std::vector<double>{1, 1, 1, 1}));
}

TEST(Device, IsDemandedUnlessThePolicySaysPreferred) {
  if (gpu_count() > 0) GTEST_SKIP() << "this machine has GPUs";
  const ndarray a = ones({4});
  // Strict is the default; a layer below may have said otherwise, which this process's environment does not.
  if (policy_of_this_thread().strictness.layer == policy_layer::library) {
    EXPECT_THROW(eval(sum(a), {.device = device::gpu()}), device_error);
  }
  const ndarray result = eval(sum(a), {.device = device::gpu(9), .strictness = strictness::preferred});
  EXPECT_EQ(result.item<double>(), 4);
  const ndarray target = zeros({4});
  target.assign(expr(a) + 1, {.device = device::gpu(), .strictness = strictness::preferred});
  EXPECT_EQ(elements_of<double>(target), (std::vector<double>{2, 2, 2, 2}));
}

TEST(Device, OfTheCpuIsThereWhateverTheStrictness) {
  const ndarray a = ones({4});
  for (const device where : {device::cpu, device::automatic}) {
    for (const strictness how : {strictness::strict, strictness::preferred}) {
      EXPECT_EQ(eval(sum(a), {.device = where, .strictness = how}).item<double>(), 4);
    }
  }
}

TEST(Device, ThatIsMissingLeavesTheTargetAlone) {
  if (gpu_count() > 0) GTEST_SKIP() << "this machine has GPUs";
  const ndarray target = ones({1000});
  const std::int64_t before = host_memory().in_use_bytes;
  reset_peak_host_memory();
  EXPECT_THROW(
      target(slice(1, none))
          .assign(expr(target(slice(none, -1))) + 1, {.device = device::gpu(), .strictness = strictness::strict}),
      device_error);
  EXPECT_EQ(host_memory().peak_bytes, before);
  for (const double each : elements_of<double>(target)) EXPECT_EQ(each, 1);
}

}  // namespace
}  // namespace tandem::testing
