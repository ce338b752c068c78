#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

#include "plan/model.h"
#include "plan/planner.h"

// What a planner has inside, for its files.
namespace tandem::plan {

/// What a correction is of, as a number that is not 0; `size` has 16 bits.
inline std::uint64_t key_of(std::uint16_t operation, dtype type, int place, std::uint64_t size) noexcept {
  return (std::uint64_t{operation} << 32 | static_cast<std::uint64_t>(type) << 24 |
          static_cast<std::uint64_t>(place) << 16 | size) +
         1;
}

struct planner::state {
  explicit state(profile by) : constants(std::move(by)), host(constants.host) {}

  profile constants;
  host_model host;
  std::atomic<bool> learns{true};
  double exploration = 0;
  /// Place 0 is the host. Written before the count is.
  std::array<device_entry, most_places> devices;
  std::atomic<int> count{1};
  std::mutex adding;
  mutable fixed_table<correction, 4096> corrections;
  mutable fixed_table<memory::use_history, 1024> histories;
  /// Of results of fewer bytes than `least_large`, which hosts mostly want, and of others: for structures of which
  /// nothing is known yet.
  mutable std::array<memory::use_history, 2> all_histories;
  static constexpr std::int64_t least_large = 4096;

  memory::use_history& history_of(const planned_task& what) const {
    memory::use_history& found = histories[what.structure()];
    found.is_part_of(all_histories[what.what().result_bytes < least_large ? 0 : 1]);
    return found;
  }
  double probability_of_reading(const memory::use_history& of, std::int64_t bytes) const noexcept {
    return of.probability_of_reading(all_histories[bytes < least_large ? 0 : 1].probability_of_reading(1));
  }
  /// [place][direction][kind].
  std::array<std::array<std::array<correction, 2>, 2>, most_places> links;
  /// Time of all decisions, and what trying other places has cost, by prediction.
  std::atomic<double> run_us{0};
  std::atomic<double> explored_us{0};

  const link_profile& link(int place, direction to, memory_kind kind) const noexcept {
    return devices[static_cast<std::size_t>(place)]
        .constants.link[static_cast<std::size_t>(to)][static_cast<std::size_t>(kind)];
  }
  const correction& of_link(int place, direction to, memory_kind kind) const noexcept {
    return links[static_cast<std::size_t>(place)][static_cast<std::size_t>(to)][static_cast<std::size_t>(kind)];
  }
};

/// What a place would cost.
struct planner::price {
  bool is_possible = false;
  cause why_not = cause::only_place;
  double work_us = 0;
  double fixed_us = 0;
  /// Copies of what is missing there; what of them their credit has paid for.
  double copies_us = 0;
  /// The same without what was learned of links.
  double unlearned_copies_us = 0;
  double credit_us = 0;
  /// What of the rest later evaluations are expected to share.
  double shared_us = 0;
  double back_us = 0;
  double cold_us = 0;

  double alone_us() const noexcept { return work_us + fixed_us + back_us + cold_us; }
  double us() const noexcept { return alone_us() + copies_us - credit_us - shared_us; }
};

struct planner::choice {
  int place;
  cause why;
};

}  // namespace tandem::plan
