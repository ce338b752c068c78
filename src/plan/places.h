#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace tandem::plan {

/// The host is place 0, devices are 1 and up, in the order in which a planner was told of them.
inline constexpr int host_place = 0;
inline constexpr int most_places = 9;

/// Places as bits.
using place_set = std::uint32_t;
constexpr place_set set_of(int place) noexcept { return place_set{1} << place; }
constexpr bool contains(place_set set, int place) noexcept { return (set >> place & 1) != 0; }
inline constexpr place_set all_places = (place_set{1} << most_places) - 1;

/// What a planner knows of a block of memory that an evaluation reads or writes.
struct operand_state {
  /// The same for the same storage.
  std::uint64_t id = 0;
  std::int64_t bytes = 0;
  /// Where what was written last is; none if nothing was.
  place_set valid_on = 0;
  bool is_pinned = false;
  /// The gain that was forgone by leaving it where it is, in microseconds; see `planner`. Null if nobody remembers.
  std::atomic<float>* credit_us = nullptr;
  /// How often it was written to; with the id it says whether an evaluation reads what another one has read.
  std::uint64_t version = 0;
};

/// What is explained need not fit into any memory, nor its sum into 63 bits: then it is the largest number.
inline void add_bytes(std::int64_t& to, std::int64_t bytes) noexcept {
  if (__builtin_add_overflow(to, bytes, &to)) to = std::numeric_limits<std::int64_t>::max();
}

/// Why a place was chosen.
enum class cause : std::uint8_t {
  only_place,      ///< No device is there to choose.
  forced,          ///< The policy demands the place.
  unsupported,     ///< The other places cannot run the program.
  no_memory,       ///< It does not fit into the devices' memory.
  resident,        ///< What it reads is there, and to move it would cost more than another place saves.
  transfer_bound,  ///< Another place would be faster if what it reads were there.
  launch_bound,    ///< What it costs to start work on a device is more than the whole on the host.
  compute_bound,   ///< The place is faster by more than transfers cost.
  credit,          ///< Staying has cost as much as moving does.
  hysteresis,      ///< Another place seems better, but by no more than the prediction is uncertain.
  exploration,     ///< The place is tried to learn how fast it is.
};
/// "resident", "transfer-bound", "launch-bound", ...
std::string_view to_string(cause why) noexcept;

}  // namespace tandem::plan
