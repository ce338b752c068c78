#include "backend/simulated/memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include <tandem/errors.h>

#include "runtime/fork.h"
#include "runtime/system.h"

namespace tandem::backend::simulation {

namespace {

/// What is allocated before the host's free memory is asked for again.
constexpr std::int64_t most_unchecked_bytes = 16 * 1024 * 1024;

std::size_t next_number() {
  static std::atomic<std::size_t> next{0};
  return next.fetch_add(1);
}

}  // namespace

simulated_memory::simulated_memory(const machine_profile& profile, std::string name, std::uint64_t seed)
    : profile_(profile),
      name_(std::move(name)),
      number_(next_number()),
      arena_(profile.memory_bytes),
      clock_(seed),
      surroundings_(seed),
      limit_bytes_(profile.memory_bytes) {}

// ---- whether it can be used

bool simulated_memory::is_of_another_process() const noexcept {
  const unsigned used_in = used_in_.load(std::memory_order_acquire);
  return used_in != 0 && used_in != runtime::fork_generation() + 1;
}

// Before any lock: another thread of the parent's may have held it when the process was forked.
void simulated_memory::check_process() {
  unsigned none = 0;
  used_in_.compare_exchange_strong(none, runtime::fork_generation() + 1);
  if (!is_of_another_process()) return;
  throw device_error(
      fmt::format("{}: it was used before fork, and a child process cannot go on with its parent's work; use it first "
                  "in the child, or another one",
                  name_));
}

void simulated_memory::check_usable() const {
  if (!failure_.empty()) throw device_error(failure_);
}

void simulated_memory::check_holds(std::string_view what, const std::byte* begin, std::int64_t size_bytes) const {
  if (arena_.holds(begin, size_bytes)) return;
  throw device_error(fmt::format("{}: {} of {} bytes at {} is not within a block that is allocated on this device",
                                 name_, what, size_bytes, fmt::ptr(begin)));
}

void simulated_memory::check_allocated(std::string_view what, const std::byte* begin, std::int64_t size_bytes) {
  check_process();
  const lock_type lock(state_guard_);
  check_usable();
  check_holds(what, begin, size_bytes);
}

// ---- allocation

// Pages that are allocated and not yet written will be needed, too.
bool simulated_memory::host_can_hold(std::int64_t size_bytes) {
  unchecked_bytes_ += std::min(size_bytes, most_unchecked_bytes);
  if (unchecked_bytes_ < most_unchecked_bytes) return true;
  unchecked_bytes_ = 0;
  const std::int64_t available = runtime::free_memory_bytes();
  const std::int64_t promised = std::max<std::int64_t>(0, in_use_bytes_ + released_bytes_ - arena_.resident_bytes());
  if (available == 0 || size_bytes <= available - promised) return true;
  unchecked_bytes_ = most_unchecked_bytes;  // asked again at once
  return false;
}

std::byte* simulated_memory::try_allocate(std::int64_t size_bytes) {
  check_process();
  for (bool has_waited = false;; has_waited = true) {
    {
      const lock_type lock(state_guard_);
      check_usable();
      arena_.reserve();
      if (!has_waited) {
        spend_call_us(profile_.allocate_us);
        if (faults_.allocation_fails()) {
          throw out_of_memory(
              fmt::format("{}: the allocation of {} bytes fails as simulated_faults demands", name_, size_bytes));
        }
      }
      const std::int64_t size = arena_.taken_by(size_bytes);
      if (size < 0 || size > limit_bytes_ - in_use_bytes_ - released_bytes_) return nullptr;
      if (host_can_hold(size)) {
        std::byte* const block = arena_.allocate(size_bytes);
        if (block == nullptr) return nullptr;
        in_use_bytes_ += size;
        peak_bytes_ = std::max(peak_bytes_, in_use_bytes_);
        return block;
      }
      if (has_waited) {
        throw out_of_memory(fmt::format(
            "{}: the host has not enough free memory to hold another {} bytes of the simulated device's; {} "
            "bytes are in use there",
            name_, size_bytes, in_use_bytes_));
      }
    }
    trim();
  }
}

void simulated_memory::release(std::byte* block, std::int64_t size_bytes,
                               std::span<const memory::mark_ptr> uses) noexcept {
  if (block == nullptr || is_of_another_process()) return;
  try {
    const lock_type lock(state_guard_);
    if (!arena_.retire(block, size_bytes)) {
      fail("release", fmt::format("no block of {} bytes is allocated at {}", size_bytes, fmt::ptr(block)));
      return;
    }
    const std::int64_t size = arena_.taken_by(size_bytes);
    in_use_bytes_ -= size;
    released_bytes_ += size;
    if (!failure_.empty()) {
      reclaim(block, size);
      return;
    }
    piece last;
    last.released = block;
    last.released_bytes = size;
    last.uses.assign(uses.begin(), uses.end());
    push(*own_queue(), std::move(last));
  } catch (...) {
    // No memory to write it down: the block stays out of use.
  }
}

// With the lock. The block is retired.
void simulated_memory::reclaim(std::byte* block, std::int64_t size_bytes) noexcept {
  arena_.free(block);
  released_bytes_ -= size_bytes;
}

void simulated_memory::reclaim_what_is_free() {
  std::erase_if(held_, [&](const piece& each) {
    const bool is_free = std::ranges::all_of(each.uses, [](const memory::mark_ptr& use) { return use->is_reached(); });
    if (is_free) reclaim(each.released, each.released_bytes);
    return is_free;
  });
}

memory::device_memory_information simulated_memory::information() {
  check_process();
  const lock_type lock(state_guard_);
  check_usable();
  const std::int64_t taken = in_use_bytes_ + released_bytes_;
  return {limit_bytes_, std::max<std::int64_t>(0, limit_bytes_ - taken), in_use_bytes_, peak_bytes_, released_bytes_};
}

std::int64_t simulated_memory::trim() noexcept {
  try {
    check_process();
    const auto released = [&] {
      const lock_type lock(state_guard_);
      return released_bytes_;
    };
    const std::int64_t before = released();
    wait_for_all();
    return std::max<std::int64_t>(0, before - released());
  } catch (...) {
    return 0;  // a device that failed says so to whoever uses it next
  }
}

// ---- what tests and users demand of it

void simulated_memory::set_faults(const simulated_faults& faults) {
  check_process();
  const lock_type lock(state_guard_);
  faults_.set(faults);
}

void simulated_memory::repair() {
  check_process();
  const lock_type lock(state_guard_);
  failure_.clear();
}

void simulated_memory::limit(std::int64_t size_bytes) {
  check_process();
  if (size_bytes < 0 || size_bytes > profile_.memory_bytes) {
    throw argument_error(
        fmt::format("limit_simulated_memory: {} bytes for {}, which has {}", size_bytes, name_, profile_.memory_bytes));
  }
  const lock_type lock(state_guard_);
  limit_bytes_ = size_bytes;
}

simulated_faults simulated_memory::faults() const {
  if (is_of_another_process()) return {};
  const lock_type lock(state_guard_);
  return faults_.all();
}

// ---- pinned memory

bool simulated_memory::pin(std::byte* begin, std::int64_t size_bytes) noexcept {
  if (begin == nullptr || size_bytes <= 0 || is_of_another_process()) return false;
  try {
    check_process();
    const lock_type lock(state_guard_);
    if (!failure_.empty()) return false;
    // As with CUDA, memory is not pinned twice.
    const auto after = pinned_.lower_bound(begin);
    if (after != pinned_.end() && after->first < begin + size_bytes) return false;
    if (after != pinned_.begin() && std::prev(after)->second > begin) return false;
    pinned_.emplace(begin, begin + size_bytes);
    spend_call_us(pin_us(size_bytes));
    return true;
  } catch (...) {
    return false;
  }
}

void simulated_memory::unpin(std::byte* begin, std::int64_t size_bytes) noexcept {
  if (is_of_another_process()) return;
  const lock_type lock(state_guard_);
  if (pinned_.erase(begin) > 0) spend_call_us(pin_us(size_bytes));
}

// With the lock.
bool simulated_memory::is_pinned(const std::byte* begin, std::int64_t size_bytes) const noexcept {
  const auto after = pinned_.upper_bound(begin);
  return after != pinned_.begin() && std::prev(after)->second >= begin + size_bytes;
}

}  // namespace tandem::backend::simulation
