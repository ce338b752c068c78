#include "plan/residency.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace tandem::plan {

void residency::limit(int place, std::int64_t bytes) {
  device_memory& of = memories_[place];
  of.capacity = static_cast<std::uint64_t>(bytes);
  of.is_limited = true;
  make_room(place);
}

residency::entry& residency::entry_of(const operand_state& known) {
  const auto [found, is_new] = blocks_.try_emplace(known.id);
  if (is_new) {
    found->second = std::make_unique<entry>();
    entry& made = *found->second;
    made.block.id = known.id;
    made.block.bytes = known.bytes;
    made.block.is_pinned = known.is_pinned;
    made.place_in_order = used_.insert(used_.end(), known.id);
    set_valid(made.block, known.valid_on);
  }
  return *found->second;
}

resident_block& residency::find(const operand_state& known) { return entry_of(known).block; }

const resident_block* residency::find(std::uint64_t id) const noexcept {
  const auto found = blocks_.find(id);
  return found == blocks_.end() ? nullptr : &found->second->block;
}

operand_state residency::state_of(const operand_state& known) {
  if (known.bytes == 0) return known;
  resident_block& found = find(known);
  operand_state here = known;
  here.bytes = found.bytes;
  here.valid_on = found.valid_on;
  here.credit_us = known.credit_us == nullptr ? nullptr : &found.credit_us;
  return here;
}

std::int64_t residency::free_bytes(int place) const noexcept {
  const device_memory& of = memories_[place];
  if (!of.is_limited) return std::numeric_limits<std::int64_t>::max();
  return of.needed_bytes > of.capacity ? 0 : static_cast<std::int64_t>(of.capacity - of.needed_bytes);
}

void residency::touch(entry& used) { used_.splice(used_.end(), used_, used.place_in_order); }

void residency::set_valid(resident_block& of, place_set places) {
  const bool was_alone = std::popcount(of.valid_on) == 1;
  const bool is_alone = std::popcount(places) == 1;
  for (int place = 1; place < most_places; ++place) {
    device_memory& memory = memories_[place];
    const bool was_there = contains(of.valid_on, place);
    const bool is_there = contains(places, place);
    const auto bytes = static_cast<std::uint64_t>(of.bytes);
    memory.bytes += (is_there ? bytes : 0) - (was_there ? bytes : 0);
    memory.needed_bytes += (is_there && is_alone ? bytes : 0) - (was_there && was_alone ? bytes : 0);
  }
  of.valid_on = places;
}

void residency::make_room(int place) {
  const device_memory& memory = memories_[place];
  if (!memory.is_limited) return;
  for (auto each = used_.begin(); each != used_.end() && memory.bytes > memory.capacity; ++each) {
    resident_block& block = blocks_.at(*each)->block;
    if (!contains(block.valid_on, place) || !contains(block.valid_on, host_place)) continue;
    set_valid(block, block.valid_on & ~set_of(place));
  }
}

void residency::bring(entry& what, int place, std::vector<movement>& moved) {
  resident_block& block = what.block;
  touch(what);
  if (block.valid_on == 0 || contains(block.valid_on, place)) return;  // nothing was written yet, or it is there
  if (!contains(block.valid_on, host_place)) {
    const int from = std::countr_zero(block.valid_on);
    moved.push_back({block.id, from, false, block.is_pinned, block.bytes});
    set_valid(block, block.valid_on | set_of(host_place));
  }
  if (place != host_place) {
    moved.push_back({block.id, place, true, block.is_pinned, block.bytes});
    set_valid(block, block.valid_on | set_of(place));
  }
}

void residency::work_at(int place, std::span<const operand_state> reads, const operand_state& writes, bool writes_all,
                        std::vector<movement>& moved) {
  for (const operand_state& each : reads) {
    if (each.bytes > 0) bring(entry_of(each), place, moved);
  }
  if (writes.bytes > 0) {
    entry& target = entry_of(writes);
    if (!writes_all) bring(target, place, moved);
    touch(target);
    set_valid(target.block, set_of(place));
  }
  if (place != host_place) make_room(place);
}

void residency::read_on_host(std::uint64_t id, std::vector<movement>& moved) {
  const auto found = blocks_.find(id);
  if (found != blocks_.end()) bring(*found->second, host_place, moved);
}

void residency::write_on_host(std::uint64_t id, std::vector<movement>& moved) {
  const auto found = blocks_.find(id);
  if (found == blocks_.end()) return;
  // Some of it may be written only, so that the rest is fetched first.
  bring(*found->second, host_place, moved);
  set_valid(found->second->block, set_of(host_place));
}

void residency::free(std::uint64_t id) {
  const auto found = blocks_.find(id);
  if (found == blocks_.end()) return;
  set_valid(found->second->block, 0);
  used_.erase(found->second->place_in_order);
  blocks_.erase(found);
}

}  // namespace tandem::plan
