#include "memory/storage.h"

#include <utility>

#include "memory/host_pool.h"

namespace tandem::detail {

// Only members can make one, so that only they construct a storage, also through `make_shared`.
class storage::key {};

std::shared_ptr<storage> storage::allocate(std::int64_t size_bytes) {
  std::byte* const data = memory::allocate_block(size_bytes);
  try {
    return std::make_shared<storage>(key(), data, size_bytes, true);
  } catch (...) {
    memory::free_block(data, size_bytes);
    throw;
  }
}

std::shared_ptr<storage> storage::adopt(void* data, std::int64_t size_bytes, std::function<void()> release) {
  // `release` goes in last: if the allocation here throws, it must not run.
  auto result = std::make_shared<storage>(key(), static_cast<std::byte*>(data), size_bytes, false);
  result->release_ = std::move(release);
  return result;
}

storage::storage(key, std::byte* data, std::int64_t size_bytes, bool is_ours) noexcept
    : data_(data), size_bytes_(size_bytes), is_ours_(is_ours) {}

storage::~storage() {
  if (is_ours_) memory::free_block(data_, size_bytes_);
  if (release_) release_();
}

}  // namespace tandem::detail
