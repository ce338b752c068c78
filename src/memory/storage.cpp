#include "memory/storage.h"

#include <fmt/format.h>

#include <algorithm>

#include <tandem/errors.h>

#include "memory/copy_listener.h"
#include "memory/host_pool.h"
#include "memory/replica.h"
#include "memory/transfer_count.h"
#include "memory/watcher.h"

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

std::shared_ptr<storage> storage::unplaced(std::int64_t size_bytes) {
  return std::make_shared<storage>(key(), nullptr, size_bytes, true);
}

std::shared_ptr<storage> storage::adopt(void* data, std::int64_t size_bytes, std::function<void()> release) {
  // `release` goes in last: if the allocation here throws, it must not run.
  auto result = std::make_shared<storage>(key(), static_cast<std::byte*>(data), size_bytes, false);
  result->host_state_ = valid;  // also where it is empty and has no address
  result->release_ = std::move(release);
  return result;
}

storage::storage(key, std::byte* data, std::int64_t size_bytes, bool is_ours) noexcept
    : data_(data), size_bytes_(size_bytes), is_ours_(is_ours), host_state_(data != nullptr ? valid : 0) {}

storage::~storage() {
  if (const std::uint64_t id = id_.load(std::memory_order_relaxed); id != 0) {
    if (memory::storage_watcher* const told = memory::watcher.load(std::memory_order_acquire)) told->on_free(id);
  }
  drop_replicas_but(nullptr);
  delete part_.load(std::memory_order_acquire);
  if (is_pinned()) pinned_by_.load()->unpin(data_.load(), size_bytes_);
  if (is_ours_ && data_.load() != nullptr) memory::free_block(data_, size_bytes_);
  if (release_) release_();
}

std::byte* storage::data_to_overwrite() {
  if (data_ == nullptr && is_ours_) data_ = memory::allocate_block(size_bytes_);
  return data_;
}

bool storage::is_on(const memory::device_memory& where) const {
  if (where.is_host()) return is_on_host();
  device_part* const part = part_.load(std::memory_order_acquire);
  if (part == nullptr) return false;
  const std::lock_guard lock(part->guard);
  return part->find(where) != nullptr;
}

std::vector<memory::device_memory*> storage::devices() const {
  std::vector<memory::device_memory*> result;
  device_part* const part = part_.load(std::memory_order_acquire);
  if (part == nullptr) return result;
  const std::lock_guard lock(part->guard);
  for (const auto& each : part->replicas) result.push_back(&each->where());
  return result;
}

void storage::mark_written() noexcept {
  if ((host_state_.load(std::memory_order_relaxed) & tells_writing) != 0 &&
      (host_state_.fetch_and(static_cast<std::uint8_t>(~tells_writing)) & tells_writing) != 0) {
    if (memory::storage_watcher* const told = memory::watcher.load(std::memory_order_acquire)) {
      told->on_host_write(id());
    }
  }
  mark_made();
}

void storage::mark_made() noexcept {
  if (!is_on_host()) host_state_.fetch_or(valid, std::memory_order_release);
  version_.fetch_add(1, std::memory_order_acq_rel);
  drop_replicas_but(nullptr);
}

void storage::watch(bool was_written) noexcept {
  host_state_.fetch_or(was_written ? tells_reading | tells_writing : tells_writing, std::memory_order_acq_rel);
}

std::uint64_t storage::id() const noexcept {
  static constinit std::atomic<std::uint64_t> last{0};
  std::uint64_t known = id_.load(std::memory_order_relaxed);
  if (known != 0) return known;
  const std::uint64_t made = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return id_.compare_exchange_strong(known, made, std::memory_order_relaxed) ? made : known;
}

replica* storage::device_part::find(const memory::device_memory& where) const noexcept {
  const auto found = std::ranges::find_if(replicas, [&](const auto& each) { return &each->where() == &where; });
  return found == replicas.end() ? nullptr : found->get();
}

std::unique_ptr<replica> storage::device_part::take(const replica& which) noexcept {
  const auto found = std::ranges::find_if(replicas, [&](const auto& each) { return each.get() == &which; });
  if (found == replicas.end()) return nullptr;
  std::unique_ptr<replica> taken = std::move(*found);
  replicas.erase(found);
  return taken;
}

storage::device_part& storage::devices_part() {
  device_part* part = part_.load(std::memory_order_acquire);
  if (part != nullptr) return *part;
  auto made = std::make_unique<device_part>();
  if (part_.compare_exchange_strong(part, made.get(), std::memory_order_acq_rel)) return *made.release();
  return *part;
}

void storage::fetch() const {
  if (!is_on_host()) fetch_untold();
  if ((host_state_.fetch_and(static_cast<std::uint8_t>(~tells_reading)) & tells_reading) == 0) return;
  if (memory::storage_watcher* const told = memory::watcher.load(std::memory_order_acquire)) {
    told->on_host_read(id());
  }
}

void storage::fetch_untold() const {
  // Made also where no device has anything, for its lock: many threads may read memory that nothing has written to.
  device_part& part = const_cast<storage*>(this)->devices_part();
  const std::lock_guard lock(part.guard);
  if (!is_on_host()) fetch_locked(part);
}

void storage::fetch_locked(device_part& part) const {
  const bool is_unset = is_unplaced() && part.replicas.empty();
  if (part.replicas.empty() && !is_unset) {
    throw device_error(
        "the elements of an array are nowhere any more: the device that had them failed, or work that was to write "
        "them did");
  }
  if (data_ == nullptr) data_ = memory::allocate_block(size_bytes_);
  if (!is_unset) {
    const replica& from = *part.replicas.front();
    from.await_writer();
    pin_if_asked(from.where());
    copy_out_measured(from);
    memory::count_to_host(size_bytes_);
    if (memory::use_history* const history = note_.history.exchange(nullptr, std::memory_order_relaxed)) {
      history->read_back();
    }
  }
  host_state_.fetch_or(valid, std::memory_order_release);
}

void storage::copy_out_measured(const replica& from) const {
  memory::device_memory& where = from.where();
  const memory::copy_listener listener = memory::copies_to_host.load(std::memory_order_relaxed);
  if (listener == nullptr || size_bytes_ < memory::least_measured_bytes) {
    where.copy_out(from.block(), data_.load(), size_bytes_);
    return;
  }
  where.make_mark()->wait();  // what was given before is no part of the copy's time
  const double begin_us = where.time_us();
  where.copy_out(from.block(), data_.load(), size_bytes_);
  listener(where, is_pinned(), size_bytes_, where.time_us() - begin_us);
}

void storage::pin_if_asked(const memory::device_memory& copies) const noexcept {
  memory::device_memory* const wanted = pins_for_.load(std::memory_order_relaxed);
  if (wanted != &copies || is_pinned()) return;
  if (wanted->pin(data_.load(), size_bytes_)) pinned_by_ = wanted;
}

std::unique_ptr<replica> storage::give_up(const replica& which) noexcept {
  // Whoever calls holds the list that `which` is in, so that neither it nor this is destroyed meanwhile.
  device_part& part = *part_.load(std::memory_order_acquire);
  const std::unique_lock lock(part.guard, std::try_to_lock);
  if (!lock.owns_lock() || which.users > 0) return nullptr;
  if (!is_on_host() && part.replicas.size() < 2) return nullptr;
  return part.take(which);
}

void storage::drop_replicas_but(const replica* kept) noexcept {
  device_part* const part = part_.load(std::memory_order_acquire);
  if (part == nullptr) return;
  for (;;) {
    // Destroyed without the lock: who looks for something to evict has the memory's and tries to take this one.
    std::unique_ptr<replica> gone;
    const std::lock_guard lock(part->guard);
    const auto found = std::ranges::find_if(part->replicas, [&](const auto& each) { return each.get() != kept; });
    if (found == part->replicas.end()) return;
    gone = part->take(**found);
  }
}

device_use::device_use(storage& of, memory::device_memory& where, access how) : of_(&of), how_(how) {
  storage::device_part& part = of_->devices_part();
  std::unique_lock lock(part.guard);
  replica_ = part.find(where);
  std::unique_ptr<replica> made;
  if (replica_ == nullptr) {
    // Without the lock, because making room may take it.
    lock.unlock();
    std::byte* const block = where.allocate(of_->size_bytes());
    try {
      made = std::make_unique<replica>(*of_, where, block, of_->size_bytes());
    } catch (...) {
      where.release(block, of_->size_bytes(), {});
      throw;
    }
    made->users = 1;
    lock.lock();
    replica_ = part.find(where);  // another thread may have been here meanwhile
  }
  if (replica_ != nullptr) {
    ++replica_->users;
    try {
      if (how_ == access::read) {
        replica_->await_writer();
      } else {
        replica_->await_all();
      }
    } catch (...) {
      --replica_->users;
      replica_ = nullptr;
      throw;
    }
    replica_->touch();
    if (how_ != access::overwrite) memory::count_hit();
    lock.unlock();
    return;  // `made`, if there is one, was in vain
  }
  const bool is_unset = !of_->is_on_host() && of_->is_unplaced() && part.replicas.empty();
  if (how_ != access::overwrite && !is_unset) {
    if (!of_->is_on_host()) of_->fetch_locked(part);
    of_->pin_if_asked(where);
    where.copy_in(of_->data_.load(), made->block(), of_->size_bytes());
    made->set_writer(where.make_mark());
    memory::count_to_device(of_->size_bytes());
  }
  part.replicas.push_back(std::move(made));
  replica_ = part.replicas.back().get();
  is_new_ = how_ == access::overwrite || is_unset;
}

device_use::~device_use() {
  if (replica_ == nullptr) return;
  std::unique_ptr<replica> gone;
  storage::device_part& part = *of_->part_.load(std::memory_order_acquire);
  const std::lock_guard lock(part.guard);
  --replica_->users;
  // Nothing was written to a block that was made to be overwritten: it has no elements.
  if (is_new_) gone = part.take(*replica_);
}

std::byte* device_use::data() const noexcept { return replica_->block(); }

void device_use::await_bytes() const {
  const std::lock_guard lock(of_->devices_part().guard);
  replica_->await_writer();
}

void device_use::given(const memory::mark_ptr& end) {
  storage& of = *of_;
  {
    const std::lock_guard lock(of.devices_part().guard);
    if (how_ == access::read) {
      replica_->add_reader(end);
    } else {
      replica_->set_writer(end);
    }
  }
  if (how_ != access::read) {
    of.version_.fetch_add(1, std::memory_order_acq_rel);
    of.host_state_.fetch_and(static_cast<std::uint8_t>(~storage::valid), std::memory_order_release);
    of.drop_replicas_but(replica_);
  }
  {
    const std::lock_guard lock(of.devices_part().guard);
    --replica_->users;
  }
  replica_ = nullptr;
  if (how_ != access::read && !of.is_ours()) of.fetch_untold();
}

}  // namespace tandem::detail
