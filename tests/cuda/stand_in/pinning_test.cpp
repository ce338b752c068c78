#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include <cuda_runtime_api.h>

#include "cuda/stand_in/device.h"
#include "cuda/stand_in/gpu.h"
#include "memory/storage.h"

// Host memory that is pinned on request.
namespace tandem::testing {
namespace {

bool is_pinned(const void* address) {
  cudaPointerAttributes found{};
  EXPECT_EQ(cudaPointerGetAttributes(&found, address), cudaSuccess);
  return found.type == cudaMemoryTypeHost;
}

void copy_there(detail::storage& of) {
  memory::device_memory& where = stand_in::device().memory();
  detail::device_use use(of, where, detail::access::read);
  use.given(where.make_mark());
}

TEST(Pinning, IsForLargeMemoryOfOursThatIsAskedFor) {
  constexpr std::int64_t large = std::int64_t{3} << 20;
  memory::device_memory& where = stand_in::device().memory();
  const auto asked = detail::storage::allocate(large);
  const auto small = detail::storage::allocate(1 << 10);
  const auto unasked = detail::storage::allocate(large);
  const auto mine = std::make_unique<std::byte[]>(large);
  const auto adopted = detail::storage::adopt(mine.get(), large, {});
  std::fill_n(asked->data(), large, std::byte{7});
  for (const auto& each : {asked, small, adopted}) each->pin_for(where);
  EXPECT_FALSE(is_pinned(asked->data())) << "not before it is copied";
  for (const auto& each : {asked, small, unasked, adopted}) copy_there(*each);
  EXPECT_TRUE(is_pinned(asked->data()));
  EXPECT_FALSE(is_pinned(small->data()));
  EXPECT_FALSE(is_pinned(unasked->data()));
  EXPECT_FALSE(is_pinned(mine.get()));
  // Still right, and only once.
  asked->mark_written();
  copy_there(*asked);
  detail::device_use use(*asked, where, detail::access::update);
  use.given(where.make_mark());
  EXPECT_FALSE(asked->is_on_host());
  EXPECT_EQ(std::count(asked->data(), asked->data() + large, std::byte{7}), large);
}

TEST(Pinning, EndsWithTheStorage) {
  constexpr std::int64_t large = std::int64_t{2} << 20;
  auto storage = detail::storage::allocate(large);
  const void* const address = storage->data();
  storage->pin_for(stand_in::device().memory());
  copy_there(*storage);
  EXPECT_TRUE(is_pinned(address));
  storage.reset();
  EXPECT_FALSE(is_pinned(address));
}

TEST(Pinning, OfResultsThatAreReadOnTheHost) {
  constexpr std::int64_t large = std::int64_t{2} << 20;
  memory::device_memory& where = stand_in::device().memory();
  const auto result = detail::storage::unplaced(large);
  result->pin_for(where);
  detail::device_use use(*result, where, detail::access::overwrite);
  const auto source = detail::storage::allocate(large);
  std::fill_n(source->data(), large, std::byte{9});
  where.copy_in(source->data(), use.data(), large);
  use.given(where.make_mark());
  EXPECT_EQ(std::count(result->data(), result->data() + large, std::byte{9}), large);
  EXPECT_TRUE(is_pinned(result->data()));
}

}  // namespace
}  // namespace tandem::testing
