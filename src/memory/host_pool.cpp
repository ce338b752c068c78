#include "memory/host_pool.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <new>
#include <string_view>

#include <tandem/errors.h>
#include <tandem/memory.h>

#include "runtime/fork.h"

#if defined(__SANITIZE_ADDRESS__)
#define TANDEM_KEEPS_BLOCKS false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TANDEM_KEEPS_BLOCKS false
#endif
#endif
#ifndef TANDEM_KEEPS_BLOCKS
#define TANDEM_KEEPS_BLOCKS true
#endif

// Small blocks come in size classes and are kept in lists of a class each: first in one of the thread's own, which
// needs no lock, then in one that all threads share. Large blocks are kept in one list in the order in which they were
// freed. The lists run through the free blocks themselves, so that freeing needs no memory and cannot fail.
namespace tandem::memory {

namespace {

constexpr std::int64_t kib = 1024;
constexpr std::int64_t mib = 1024 * kib;

// Classes: multiples of 64 bytes up to 1 KiB, then four between a power of two and the next, up to 1 MiB.
constexpr std::int64_t largest_small = mib;
constexpr int class_count = 16 + 4 * 10;

int class_of(std::int64_t size_bytes) noexcept {
  if (size_bytes <= kib) return static_cast<int>((std::max<std::int64_t>(size_bytes, 1) + 63) / 64) - 1;
  const int doublings = std::bit_width(static_cast<std::uint64_t>(size_bytes - 1)) - 11;  // above 1 KiB
  const std::int64_t quarter = kib / 4 << doublings;
  return 16 + 4 * doublings + static_cast<int>((size_bytes - (kib << doublings) + quarter - 1) / quarter) - 1;
}

std::int64_t class_capacity(int number) noexcept {
  if (number < 16) return (number + 1) * 64;
  const int doublings = (number - 16) / 4;
  return (kib << doublings) + ((number - 16) % 4 + 1) * (kib / 4 << doublings);
}

struct free_small {
  free_small* next;
};

struct free_large {
  free_large* newer;
  free_large* older;
  std::int64_t capacity_bytes;
};

// What a thread keeps for itself: no more than `most` bytes, in blocks of at most 16 KiB.
struct thread_cache {
  static constexpr std::int64_t most = 128 * kib;
  static constexpr int classes = 16 + 4 * 4;

  std::array<free_small*, classes> first;
  /// Of capacity, in these lists. Only the thread itself changes it, so that it needs no locked instruction.
  std::atomic<std::int64_t> bytes;
  /// The caches of all threads that have one are in a list.
  thread_cache* next;
  thread_cache* previous;
  bool is_registered;
  bool is_closed;

  void count(std::int64_t more_bytes) noexcept {
    bytes.store(bytes.load(std::memory_order_relaxed) + more_bytes, std::memory_order_relaxed);
  }
};

constinit thread_local thread_cache mine{};

std::int64_t default_limit() noexcept {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && page_bytes > 0 ? static_cast<std::int64_t>(pages) * page_bytes / 4 : 0;
}

class host_pool {
 public:
  host_pool() noexcept {
    const char* wish = std::getenv("TANDEM_MEMORY_POOL");
    const std::string_view word = wish == nullptr ? (TANDEM_KEEPS_BLOCKS ? "on" : "off") : wish;
    is_misconfigured_ = word != "on" && word != "off";
    limit_bytes_ = word == "on" ? default_limit() : 0;
  }

  void* allocate(std::int64_t size_bytes) {
    if (is_misconfigured_) {
      const char* word = std::getenv("TANDEM_MEMORY_POOL");
      throw policy_error(fmt::format("TANDEM_MEMORY_POOL is '{}'; expected on or off", word == nullptr ? "" : word));
    }
    const std::int64_t capacity_bytes = capacity_for(size_bytes);
    void* data = capacity_bytes <= largest_small ? take_small(class_of(size_bytes)) : take_large(capacity_bytes);
    if (data == nullptr) data = system_allocate(capacity_bytes);
    if (data == nullptr) {
      trim(0);
      data = system_allocate(capacity_bytes);
    }
    if (data == nullptr) throw out_of_memory(fmt::format("cannot allocate {} bytes of host memory", size_bytes));
    const std::int64_t now = in_use_bytes_.fetch_add(size_bytes, std::memory_order_relaxed) + size_bytes;
    std::int64_t peak = peak_bytes_.load(std::memory_order_relaxed);
    while (now > peak && !peak_bytes_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    }
    return data;
  }

  void free(void* data, std::int64_t size_bytes) noexcept {
    in_use_bytes_.fetch_sub(size_bytes, std::memory_order_relaxed);
    const std::int64_t capacity_bytes = capacity_for(size_bytes);
    if (capacity_bytes > limit_bytes()) {
      system_free(data, capacity_bytes);
    } else if (capacity_bytes <= largest_small) {
      keep_small(data, class_of(size_bytes));
    } else {
      keep_large(data, capacity_bytes);
    }
  }

  std::int64_t trim(std::int64_t keep_bytes) noexcept {
    const std::lock_guard lock(guard_);
    const std::int64_t before = cached_bytes();
    if (before > keep_bytes) take_all_of(mine);
    evict(keep_bytes);
    return before - cached_bytes();
  }

  void set_limit(std::int64_t limit_bytes) noexcept {
    limit_bytes_.store(limit_bytes, std::memory_order_relaxed);
    trim(limit_bytes);
  }

  // From the first block that a thread keeps until it ends.
  void add(thread_cache& what) noexcept {
    const std::lock_guard lock(guard_);
    what.next = caches_;
    if (caches_ != nullptr) caches_->previous = &what;
    caches_ = &what;
  }

  void remove(thread_cache& what) noexcept {
    const std::lock_guard lock(guard_);
    take_all_of(what);
    (what.previous == nullptr ? caches_ : what.previous->next) = what.next;
    if (what.next != nullptr) what.next->previous = what.previous;
  }

  std::int64_t limit_bytes() const noexcept { return limit_bytes_.load(std::memory_order_relaxed); }

  memory_statistics statistics() noexcept {
    const std::lock_guard lock(guard_);
    return {in_use_bytes_.load(std::memory_order_relaxed), peak_bytes_.load(std::memory_order_relaxed), cached_bytes(),
            system_allocations_.load(std::memory_order_relaxed)};
  }

  void reset_peak() noexcept {
    peak_bytes_.store(in_use_bytes_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }

 private:
  // All functions below that have no lock of their own are for callers that have it.

  std::int64_t cached_bytes() const noexcept {
    std::int64_t bytes = shared_bytes_.load(std::memory_order_relaxed);
    for (const thread_cache* each = caches_; each != nullptr; each = each->next) {
      bytes += each->bytes.load(std::memory_order_relaxed);
    }
    return bytes;
  }

  // All that a thread kept goes to the lists that threads share.
  void take_all_of(thread_cache& from) noexcept {
    for (int number = 0; number < thread_cache::classes; ++number) {
      while (free_small* const next = from.first[static_cast<std::size_t>(number)]) {
        from.first[static_cast<std::size_t>(number)] = next->next;
        push_shared(number, next);
      }
    }
    from.bytes.store(0, std::memory_order_relaxed);
  }

  void* take_small(int number) noexcept {
    const auto at = static_cast<std::size_t>(number);
    const std::int64_t capacity_bytes = class_capacity(number);
    if (number < thread_cache::classes && mine.first[at] != nullptr) {
      free_small* const taken = mine.first[at];
      mine.first[at] = taken->next;
      mine.count(-capacity_bytes);
      return taken;
    }
    if (shared_bytes_.load(std::memory_order_relaxed) == 0) return nullptr;
    const std::lock_guard lock(guard_);
    free_small* const taken = shared_[at];
    if (taken == nullptr) return nullptr;
    shared_[at] = taken->next;
    count_shared(-capacity_bytes);
    return taken;
  }

  // From this size on, pages of 2 MiB are asked for: fewer faults, and fewer misses of the translation cache.
  static constexpr std::int64_t huge_from = 4 * mib;
  static constexpr std::int64_t huge_page = 2 * mib;

  static std::align_val_t alignment_of(std::int64_t capacity_bytes) noexcept {
    return std::align_val_t(static_cast<std::size_t>(capacity_bytes >= huge_from ? huge_page : block_alignment_bytes));
  }

  void* system_allocate(std::int64_t capacity_bytes) noexcept {
    void* data = ::operator new(static_cast<std::size_t>(capacity_bytes), alignment_of(capacity_bytes), std::nothrow);
    if (data == nullptr) return nullptr;
    system_allocations_.fetch_add(1, std::memory_order_relaxed);
    // A wish: without huge pages everything works as well, only slower.
    if (capacity_bytes >= huge_from) {
      ::madvise(data, static_cast<std::size_t>(capacity_bytes / huge_page * huge_page), MADV_HUGEPAGE);
    }
    return data;
  }

  static void system_free(void* data, std::int64_t capacity_bytes) noexcept {
    ::operator delete(data, alignment_of(capacity_bytes));
  }

  void keep_small(void* data, int number) noexcept;

  // The least block that is large enough and wastes at most an eighth.
  void* take_large(std::int64_t capacity_bytes) noexcept {
    if (shared_bytes_.load(std::memory_order_relaxed) == 0) return nullptr;
    const std::lock_guard lock(guard_);
    free_large* best = nullptr;
    for (free_large* each = newest_; each != nullptr; each = each->older) {
      if (each->capacity_bytes < capacity_bytes || each->capacity_bytes > capacity_bytes + capacity_bytes / 8) continue;
      if (best == nullptr || each->capacity_bytes < best->capacity_bytes) best = each;
      if (best->capacity_bytes == capacity_bytes) break;
    }
    if (best != nullptr) unlink(best);
    return best;
  }

  void keep_large(void* data, std::int64_t capacity_bytes) noexcept {
    const std::lock_guard lock(guard_);
    auto* const kept = new (data) free_large{nullptr, newest_, capacity_bytes};
    (newest_ == nullptr ? oldest_ : newest_->newer) = kept;
    newest_ = kept;
    count_shared(capacity_bytes);
    if (cached_bytes() > limit_bytes()) evict(limit_bytes());
  }

  void unlink(free_large* what) noexcept {
    (what->newer == nullptr ? newest_ : what->newer->older) = what->older;
    (what->older == nullptr ? oldest_ : what->older->newer) = what->newer;
    count_shared(-what->capacity_bytes);
  }

  // Gives large blocks back first, the oldest before the others, then small ones.
  void evict(std::int64_t keep_bytes) noexcept {
    while (cached_bytes() > keep_bytes && oldest_ != nullptr) {
      free_large* const gone = oldest_;
      const std::int64_t capacity_bytes = gone->capacity_bytes;
      unlink(gone);
      system_free(gone, capacity_bytes);
    }
    for (int number = class_count - 1; number >= 0; --number) {
      free_small*& first = shared_[static_cast<std::size_t>(number)];
      while (cached_bytes() > keep_bytes && first != nullptr) {
        free_small* const gone = first;
        first = gone->next;
        count_shared(-class_capacity(number));
        system_free(gone, class_capacity(number));
      }
    }
  }

  void push_shared(int number, free_small* what) noexcept {
    what->next = shared_[static_cast<std::size_t>(number)];
    shared_[static_cast<std::size_t>(number)] = what;
    count_shared(class_capacity(number));
  }

  void count_shared(std::int64_t bytes) noexcept { shared_bytes_.fetch_add(bytes, std::memory_order_relaxed); }

  bool is_misconfigured_ = false;
  std::atomic<std::int64_t> limit_bytes_{0};
  std::atomic<std::int64_t> in_use_bytes_{0};
  std::atomic<std::int64_t> peak_bytes_{0};
  /// Of the lists that threads share. Changed with the lock held, but looked at without.
  std::atomic<std::int64_t> shared_bytes_{0};
  std::atomic<std::int64_t> system_allocations_{0};
  runtime::fork_safe_mutex guard_;
  std::array<free_small*, class_count> shared_{};
  free_large* newest_ = nullptr;
  free_large* oldest_ = nullptr;
  thread_cache* caches_ = nullptr;
};

// Never destroyed: arrays may outlive every other object of the process.
host_pool& pool() noexcept {
  alignas(host_pool) static std::byte place[sizeof(host_pool)];
  static host_pool& instance = *new (place) host_pool();
  return instance;
}

// Made when the library is loaded: a child that is forked while another thread makes it would wait for that for ever.
[[maybe_unused]] const host_pool& made_at_load = pool();

// When a thread ends, what it kept is for the others.
struct at_thread_exit {
  ~at_thread_exit() {
    pool().remove(mine);
    mine.is_closed = true;
  }
};

void register_thread() noexcept {
  static thread_local at_thread_exit instance;
  static_cast<void>(instance);
  pool().add(mine);
  mine.is_registered = true;
}

void host_pool::keep_small(void* data, int number) noexcept {
  const std::int64_t capacity_bytes = class_capacity(number);
  auto* const kept = new (data) free_small{nullptr};
  const bool fits = mine.bytes.load(std::memory_order_relaxed) + capacity_bytes <= thread_cache::most;
  if (number < thread_cache::classes && fits && !mine.is_closed) {
    if (!mine.is_registered) register_thread();
    free_small*& first = mine.first[static_cast<std::size_t>(number)];
    kept->next = first;
    first = kept;
    mine.count(capacity_bytes);
    return;
  }
  const std::lock_guard lock(guard_);
  push_shared(number, kept);
  if (cached_bytes() > limit_bytes()) evict(limit_bytes());
}

}  // namespace

std::byte* allocate_block(std::int64_t size_bytes) { return static_cast<std::byte*>(pool().allocate(size_bytes)); }
void free_block(std::byte* data, std::int64_t size_bytes) noexcept { pool().free(data, size_bytes); }

std::int64_t capacity_for(std::int64_t size_bytes) noexcept {
  if (size_bytes <= largest_small) return class_capacity(class_of(size_bytes));
  constexpr std::int64_t step = 64 * kib;
  if (size_bytes > std::numeric_limits<std::int64_t>::max() - step) return size_bytes;
  return (size_bytes + step - 1) / step * step;
}

}  // namespace tandem::memory

namespace tandem {

memory_statistics host_memory() noexcept { return memory::pool().statistics(); }

void reset_peak_host_memory() noexcept { memory::pool().reset_peak(); }

std::int64_t trim_host_memory(std::int64_t keep_bytes) noexcept { return memory::pool().trim(keep_bytes); }

std::int64_t host_memory_cache_limit() noexcept { return memory::pool().limit_bytes(); }

void set_host_memory_cache_limit(std::int64_t limit_bytes) {
  if (limit_bytes < 0) {
    throw argument_error(fmt::format("set_host_memory_cache_limit: {} bytes; expected 0 or more", limit_bytes));
  }
  memory::pool().set_limit(limit_bytes);
}

}  // namespace tandem
