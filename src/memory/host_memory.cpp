#include <cstring>

#include <tandem/memory.h>

#include "memory/device_memory.h"
#include "memory/host_pool.h"
#include "runtime/system.h"

namespace tandem::memory {

namespace {

// Work on the host is done when it has been given.
class reached_mark final : public mark {
 public:
  bool is_reached() const noexcept override { return true; }
  void wait() const override {}
};

class host_memory final : public device_memory {
 public:
  std::string_view name() const noexcept override { return "cpu"; }
  bool is_host() const noexcept override { return true; }
  void release(std::byte* block, std::int64_t size_bytes, std::span<const mark_ptr>) noexcept override {
    free_block(block, size_bytes);
  }
  void copy_in(const std::byte* from, std::byte* to, std::int64_t size_bytes) override { copy(from, to, size_bytes); }
  void copy_out(const std::byte* from, std::byte* to, std::int64_t size_bytes) override { copy(from, to, size_bytes); }
  mark_ptr make_mark() override {
    static const mark_ptr reached = std::make_shared<reached_mark>();
    return reached;
  }
  void await(const mark&) override {}
  void synchronize() override {}

  device_memory_information information() override {
    const memory_statistics now = tandem::host_memory();
    return {runtime::memory_bytes(), runtime::free_memory_bytes(), now.in_use_bytes, now.peak_bytes, now.cached_bytes};
  }
  std::int64_t trim() noexcept override { return trim_host_memory(0); }

 protected:
  std::byte* try_allocate(std::int64_t size_bytes) override { return allocate_block(size_bytes); }

 private:
  static void copy(const std::byte* from, std::byte* to, std::int64_t size_bytes) {
    if (size_bytes > 0) std::memcpy(to, from, static_cast<std::size_t>(size_bytes));
  }
};

}  // namespace

device_memory& host() {
  static host_memory instance;
  return instance;
}

}  // namespace tandem::memory
