#include <gtest/gtest.h>

#include <vector>

#include "backend/backend.h"

namespace tandem::backend {
namespace {

TEST(SimulatedMemory, CopiesComeBack) {
  memory::device_memory& device = simulated("h200:9").memory();
  std::vector<float> values(1001, 2.5F);
  std::vector<float> back(1001);
  const auto size = static_cast<std::int64_t>(values.size() * sizeof(float));
  std::byte* const block = device.allocate(size);
  device.copy_in(reinterpret_cast<const std::byte*>(values.data()), block, size);
  device.copy_out(block, reinterpret_cast<std::byte*>(back.data()), size);
  EXPECT_EQ(values, back);
  device.release(block, size, {});
}

}  // namespace
}  // namespace tandem::backend
