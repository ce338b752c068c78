#include "plan/rounds.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "plan/limits.h"

namespace tandem::plan {

namespace {

enum class better : std::uint8_t { lower, higher };

constant second_best(std::vector<constant> rounds, better which) {
  std::ranges::sort(rounds, [&](const constant& a, const constant& b) {
    return which == better::lower ? a.value < b.value : a.value > b.value;
  });
  constant chosen = rounds[rounds.size() > 2 ? 1 : 0];
  // The two neighbours of the chosen one are where another calibration would find it.
  if (rounds.size() > 2) {
    const double away = std::max(std::abs(rounds[0].value - chosen.value), std::abs(rounds[2].value - chosen.value));
    chosen.sigma = std::max(chosen.sigma, away / chosen.value / 2);
  }
  chosen.sigma = limits::sigma(chosen.sigma);
  chosen.samples = 0;
  for (const constant& each : rounds) chosen.samples += each.samples;
  return chosen;
}

// `of` gives the constant of one round.
template <class Of>
constant combined(std::span<const host_profile> rounds, better which, Of&& of) {
  std::vector<constant> all;
  for (const host_profile& each : rounds) all.push_back(of(each));
  return second_best(std::move(all), which);
}

template <class Of>
curve combined_curve(std::span<const host_profile> rounds, better which, Of&& of) {
  curve made;
  const curve& first = of(rounds.front());
  for (const double at : first.at) {
    std::vector<constant> all;
    for (const host_profile& each : rounds) {
      const curve& points = of(each);
      const auto found = std::ranges::find(points.at, at);
      if (found != points.at.end()) all.push_back(points.values[static_cast<std::size_t>(found - points.at.begin())]);
    }
    if (all.size() < rounds.size()) continue;
    made.at.push_back(at);
    made.values.push_back(second_best(std::move(all), which));
  }
  return made;
}

}  // namespace

measured second_best(std::vector<measured> rounds) {
  std::ranges::sort(rounds, {}, &measured::us);
  measured chosen = rounds[rounds.size() > 2 ? 1 : 0];
  chosen.samples = 0;
  for (const measured& each : rounds) chosen.samples += each.samples;
  return chosen;
}

host_profile combined(std::span<const host_profile> rounds) {
  host_profile made = rounds.front();
  made.call_us = combined(rounds, better::lower, [](const host_profile& of) { return of.call_us; });
  for (std::size_t level = 0; level < made.bytes_per_s.size(); ++level) {
    made.bytes_per_s[level] =
        combined_curve(rounds, better::higher, [&](const host_profile& of) -> auto& { return of.bytes_per_s[level]; });
  }
  for (std::size_t width = 0; width < width_count; ++width) {
    for (std::size_t of_class = 0; of_class < made.operations_per_s.size(); ++of_class) {
      made.operations_per_s[of_class][width] = combined(
          rounds, better::higher, [&](const host_profile& of) { return of.operations_per_s[of_class][width]; });
    }
    made.product_alone[width] = combined_curve(
        rounds, better::higher, [&](const host_profile& of) -> auto& { return of.product_alone[width]; });
    made.product_together[width] = combined_curve(
        rounds, better::higher, [&](const host_profile& of) -> auto& { return of.product_together[width]; });
  }
  return made;
}

}  // namespace tandem::plan
