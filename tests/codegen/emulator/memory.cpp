#include "codegen/emulator/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace tandem::testing {

namespace {

constexpr std::int64_t guard_bytes = 1 << 20;
constexpr std::int64_t alignment = 256;
constexpr std::byte filling{0xcb};

}  // namespace

guarded_memory::guarded_memory(std::int64_t size_bytes) : size_bytes_(size_bytes) {
  const std::int64_t page = sysconf(_SC_PAGESIZE);
  const std::int64_t aligned = (size_bytes + alignment - 1) / alignment * alignment;
  const std::int64_t inside = (aligned + alignment + page - 1) / page * page;
  mapping_bytes_ = inside + 2 * guard_bytes;
  void* const at = mmap(nullptr, static_cast<std::size_t>(mapping_bytes_), PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  mapping_ = static_cast<std::byte*>(at);
  std::byte* const begin = mapping_ + guard_bytes;
  mprotect(begin, static_cast<std::size_t>(inside), PROT_READ | PROT_WRITE);
  std::memset(begin, static_cast<int>(filling), static_cast<std::size_t>(inside));
  data_ = begin + inside - aligned;
}

guarded_memory& guarded_memory::operator=(guarded_memory&& other) noexcept {
  std::swap(mapping_, other.mapping_);
  std::swap(mapping_bytes_, other.mapping_bytes_);
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

guarded_memory::~guarded_memory() {
  if (mapping_ != nullptr) munmap(mapping_, static_cast<std::size_t>(mapping_bytes_));
}

void guarded_memory::forbid_writing() {
  mprotect(mapping_ + guard_bytes, static_cast<std::size_t>(mapping_bytes_ - 2 * guard_bytes), PROT_READ);
}

bool guarded_memory::is_intact() const noexcept {
  const auto is_filling = [](std::byte each) { return each == filling; };
  if (mapping_ == nullptr) return true;
  return std::all_of(mapping_ + guard_bytes, data_, is_filling) &&
         std::all_of(data_ + size_bytes_, mapping_ + mapping_bytes_ - guard_bytes, is_filling);
}

}  // namespace tandem::testing
