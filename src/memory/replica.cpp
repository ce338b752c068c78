#include "memory/replica.h"

#include "memory/storage.h"

namespace tandem::detail {

replica::replica(storage& of, memory::device_memory& where, std::byte* block, std::int64_t size_bytes)
    : of_(of), where_(where), block_(block), size_bytes_(size_bytes) {
  where_.add(*this);
}

replica::~replica() {
  where_.remove(*this);
  if (written_) read_.push_back(std::move(written_));
  where_.release(block_, size_bytes_, read_);
}

bool replica::is_spare() const noexcept { return of_.is_on_host(); }

void replica::add_reader(const memory::mark_ptr& end) {
  // Those that are reached order nothing. Asking a device for that takes long where much of one thread's work is under
  // way, of which the last counts.
  std::erase_if(read_,
                [&](const memory::mark_ptr& each) { return each->is_reached_before(*end) || each->is_reached(); });
  read_.push_back(end);
}

void replica::set_writer(const memory::mark_ptr& end) noexcept {
  written_ = end;
  read_.clear();
}

void replica::await_writer() const {
  if (written_) where_.await(*written_);
}

void replica::await_all() const {
  await_writer();
  for (const memory::mark_ptr& each : read_) where_.await(*each);
}

}  // namespace tandem::detail
