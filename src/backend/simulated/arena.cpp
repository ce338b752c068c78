#include "backend/simulated/arena.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include <tandem/errors.h>

namespace tandem::backend::simulation {

namespace {

// Large enough for every page size of x86-64 and aarch64 that is not huge.
constexpr std::int64_t page_bytes = 64 * 1024;

std::int64_t rounded_up(std::int64_t size, std::int64_t to) { return (size + to - 1) / to * to; }

}  // namespace

arena::arena(std::int64_t capacity_bytes) : capacity_(rounded_up(capacity_bytes, page_bytes)) { gaps_[0] = capacity_; }

arena::~arena() {
  if (base_ == nullptr) return;
  ::munmap(base_, static_cast<std::size_t>(2 * capacity_));
  ::close(file_);
}

void arena::reserve() {
  if (base_ != nullptr) return;
  const auto fail = [&](const char* what) {
    const int cause = errno;
    if (file_ >= 0) ::close(file_);
    file_ = -1;
    throw out_of_memory(fmt::format("simulated device: cannot {} for {} bytes of device memory: {}", what, capacity_,
                                    std::strerror(cause)));
  };
  file_ = ::memfd_create("tandem simulated device", MFD_CLOEXEC);
  if (file_ < 0) fail("make a file in memory");
  if (::ftruncate(file_, capacity_) != 0) fail("size a file in memory");
  // Twice the capacity without access; the upper half then becomes the file.
  const auto size = static_cast<std::size_t>(capacity_);
  void* const both = ::mmap(nullptr, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (both == MAP_FAILED) fail("reserve address space");
  std::byte* const lower = static_cast<std::byte*>(both);
  if (::mmap(lower + size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, file_, 0) ==
      MAP_FAILED) {
    const int cause = errno;
    ::munmap(both, 2 * size);
    errno = cause;
    fail("map a file in memory");
  }
  ::madvise(lower + size, size, MADV_DONTDUMP);
  base_ = lower;
  distance_ = capacity_;
}

std::int64_t arena::taken_by(std::int64_t size_bytes) const noexcept {
  if (size_bytes < 0 || size_bytes > capacity_) return -1;
  return rounded_up(std::max<std::int64_t>(size_bytes, 1), alignment_bytes);
}

std::byte* arena::allocate(std::int64_t size_bytes) {
  const std::int64_t size = taken_by(size_bytes);
  if (size < 0) return nullptr;
  const auto gap = std::ranges::find_if(gaps_, [&](const auto& each) { return each.second >= size; });
  if (gap == gaps_.end()) return nullptr;
  const std::int64_t begin = gap->first;
  // What may throw comes first.
  blocks_[begin] = {size, false};
  if (gap->second > size) {
    auto rest = gaps_.extract(gap);
    rest.key() = begin + size;
    rest.mapped() -= size;
    gaps_.insert(std::move(rest));
  } else {
    gaps_.erase(gap);
  }
  set_poison(begin, size);
  return base_ + begin;
}

bool arena::retire(const std::byte* address, std::int64_t size_bytes) noexcept {
  const auto found = blocks_.find(address - base_);
  if (found == blocks_.end() || found->second.is_retired || found->second.size != taken_by(size_bytes)) return false;
  found->second.is_retired = true;
  return true;
}

void arena::free(std::byte* address) noexcept {
  const auto found = blocks_.find(address - base_);
  std::int64_t begin = found->first;
  std::int64_t size = found->second.size;
  // Poison at both ends; whole pages between them, which others do not share, go back and read as zeros.
  set_poison(begin, size);
  const std::int64_t first_page = rounded_up(begin + std::min(poisoned_bytes, size), page_bytes);
  const std::int64_t end_page = (begin + size - std::min(poisoned_bytes, size)) / page_bytes * page_bytes;
  if (first_page < end_page) {
    ::fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first_page, end_page - first_page);
  }
  auto gap = gaps_.end();
  const auto next = gaps_.lower_bound(begin);
  if (next != gaps_.end() && next->first == begin + size) {
    size += next->second;
    gap = next;
  }
  if (const auto before = next == gaps_.begin() ? gaps_.end() : std::prev(next);
      before != gaps_.end() && before->first + before->second == begin) {
    begin = before->first;
    before->second += size;
    if (gap != gaps_.end()) gaps_.erase(gap);
    blocks_.erase(found);
    return;
  }
  if (gap != gaps_.end()) {
    auto grown = gaps_.extract(gap);
    grown.key() = begin;
    grown.mapped() = size;
    gaps_.insert(std::move(grown));
    blocks_.erase(found);
    return;
  }
  try {
    gaps_[begin] = size;
  } catch (...) {
    return;  // a gap that cannot be written down is lost
  }
  blocks_.erase(found);
}

bool arena::holds(const std::byte* begin, std::int64_t size_bytes) const noexcept {
  if (base_ == nullptr || size_bytes < 0 || begin < base_ || begin - base_ >= capacity_) return false;
  const std::int64_t at = begin - base_;
  const auto after = blocks_.upper_bound(at);
  if (after == blocks_.begin()) return false;
  const auto& [start, found] = *std::prev(after);
  return !found.is_retired && size_bytes <= found.size - std::min(at - start, found.size);
}

std::int64_t arena::resident_bytes() const noexcept {
  struct stat now{};
  if (file_ < 0 || ::fstat(file_, &now) != 0) return 0;
  return static_cast<std::int64_t>(now.st_blocks) * 512;
}

void arena::set_poison(std::int64_t begin, std::int64_t size_bytes) noexcept {
  std::byte* const at = accessible(base_ + begin);
  if (size_bytes <= 2 * poisoned_bytes) {
    std::memset(at, poison, static_cast<std::size_t>(size_bytes));
    return;
  }
  std::memset(at, poison, poisoned_bytes);
  std::memset(at + size_bytes - poisoned_bytes, poison, poisoned_bytes);
}

}  // namespace tandem::backend::simulation
