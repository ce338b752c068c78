#include <string>

#include "plan/planner.h"
#include "plan/planner_state.h"

// What of a planner other processes begin with.
namespace tandem::plan {

void planner::set_learning(bool learns) noexcept { state_->learns.store(learns, std::memory_order_relaxed); }

learned_place planner::learned_at(int place) const {
  const auto factor_of = [](const correction& of) { return learned_factor{of.factor(), of.sigma(), of.samples()}; };
  learned_place made{std::string(name_of(place)), {}, {}, {}};
  state_->corrections.for_each([&](std::uint64_t key, const correction& of) {
    const std::uint64_t parts = key - 1;
    if (static_cast<int>(parts >> 16 & 0xff) != place || of.samples() == 0) return;
    made.work.push_back({static_cast<std::uint16_t>(parts >> 32), static_cast<dtype>(parts >> 24 & 0xff),
                         static_cast<int>(parts & 0xffff), factor_of(of)});
  });
  if (place == host_place) return made;
  for (const direction to : {direction::to_device, direction::to_host}) {
    for (const memory_kind kind : {memory_kind::pageable, memory_kind::pinned}) {
      const correction& of = state_->of_link(place, to, kind);
      if (of.samples() > 0) made.links.push_back({to, kind, factor_of(of)});
    }
  }
  return made;
}

void planner::restore(int place, const learned_place& from) noexcept {
  const auto put = [](correction& to, const learned_factor& of) { to.restore(of.factor, of.sigma, of.samples); };
  for (const learned_work& each : from.work) {
    put(state_->corrections[key_of(each.operation, each.type, place, static_cast<std::uint64_t>(each.size))],
        each.learned);
  }
  if (place == host_place) return;
  for (const learned_link& each : from.links) {
    put(state_->links[static_cast<std::size_t>(place)][static_cast<std::size_t>(each.to)]
                     [static_cast<std::size_t>(each.kind)],
        each.learned);
  }
}

}  // namespace tandem::plan
