#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "plan/places.h"

// Where blocks of memory would be, if decisions were what they are not: without memory, only numbers.
namespace tandem::plan {

/// A block and where what was written to it last is.
struct resident_block {
  std::uint64_t id = 0;
  std::int64_t bytes = 0;
  place_set valid_on = 0;
  bool is_pinned = false;
  /// See `operand_state`.
  std::atomic<float> credit_us{0};
};

/// A copy over a link: between the host and the device of a place.
struct movement {
  std::uint64_t id;
  int place;
  bool to_device;
  bool is_pinned;
  std::int64_t bytes;
};

/// The blocks of an application by their ids, on a machine whose devices have limited memories.
///
/// Where a block has to be read, it is copied to; one that another device has goes by way of the host. Writing makes
/// what the others have stale. Where a device's memory would not do, blocks that the host has, too, leave it, the least
/// recently used ones first. Thread safety: none.
class residency {
 public:
  /// The capacity of a device's memory in bytes; of places of which nothing was said, it is unlimited.
  void limit(int place, std::int64_t bytes);

  /// The block, which is made with what `known` says of it if it is new.
  resident_block& find(const operand_state& known);
  /// Null if there is none.
  const resident_block* find(std::uint64_t id) const noexcept;
  /// `known` as it is here.
  operand_state state_of(const operand_state& known);
  /// Bytes of a device's memory that are free, or can be.
  std::int64_t free_bytes(int place) const noexcept;

  /// Work at `place` reads and writes these, all of `writes` if `writes_all`; the copies that it needs are added to
  /// `moved`. Operands without elements are left out.
  void work_at(int place, std::span<const operand_state> reads, const operand_state& writes, bool writes_all,
               std::vector<movement>& moved);
  /// The host reads, or writes, a block that is known.
  void read_on_host(std::uint64_t id, std::vector<movement>& moved);
  void write_on_host(std::uint64_t id, std::vector<movement>& moved);
  void free(std::uint64_t id);

 private:
  struct entry {
    resident_block block;
    /// In `used_`.
    std::list<std::uint64_t>::iterator place_in_order;
  };
  struct device_memory {
    std::uint64_t capacity = 0;
    bool is_limited = false;
    /// In all blocks that are there, and in those that are nowhere else. Unsigned, so that sums of what a file says are
    /// defined whatever it says.
    std::uint64_t bytes = 0;
    std::uint64_t needed_bytes = 0;
  };

  entry& entry_of(const operand_state& known);
  void touch(entry& used);
  void set_valid(resident_block& of, place_set places);
  void bring(entry& what, int place, std::vector<movement>& moved);
  void make_room(int place);

  std::unordered_map<std::uint64_t, std::unique_ptr<entry>> blocks_;
  /// Ids, the least recently used first.
  std::list<std::uint64_t> used_;
  device_memory memories_[most_places];
};

}  // namespace tandem::plan
