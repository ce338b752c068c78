#include "cuda/runtime/staging.h"

namespace tandem::cuda {

staging_areas::lease staging_areas::take() {
  {
    std::unique_lock lock(guard_);
    has_free_.wait(lock, [&] { return !free_.empty() || count_ < most; });
    if (!free_.empty()) {
      staging_area& found = *free_.back();
      free_.pop_back();
      return {*this, found};
    }
    ++count_;
  }
  // Without the lock: pinning takes milliseconds.
  std::unique_ptr<staging_area> made;
  try {
    made = make();
    const std::lock_guard lock(guard_);
    // So that giving areas back needs no memory.
    all_.reserve(most);
    free_.reserve(most);
    staging_area& area = *made;
    all_.push_back(std::move(made));
    return {*this, area};
  } catch (...) {
    {
      const std::lock_guard lock(guard_);
      --count_;
    }
    has_free_.notify_one();
    throw;
  }
}

std::unique_ptr<staging_area> staging_areas::make() {
  auto made = std::make_unique<staging_area>();
  try {
    for (staging_area::block& each : made->blocks) {
      void* data = nullptr;
      where_.check(cudaHostAlloc(&data, staging_area::block_bytes, cudaHostAllocDefault), "allocate staging memory");
      each.data = static_cast<std::byte*>(data);
      where_.check(cudaEventCreateWithFlags(&each.copied, cudaEventDisableTiming), "allocate staging memory");
    }
  } catch (...) {
    for (staging_area::block& each : made->blocks) {
      if (each.copied != nullptr) cudaEventDestroy(each.copied);
      if (each.data != nullptr) cudaFreeHost(each.data);
    }
    throw;
  }
  return made;
}

void staging_areas::give_back(staging_area& area) noexcept {
  {
    const std::lock_guard lock(guard_);
    free_.push_back(&area);
  }
  has_free_.notify_one();
}

}  // namespace tandem::cuda
