#include "regret/judged.h"

#include <algorithm>

namespace bench::regret {

double judged::geometric_mean() const {
  double logs = 0;
  for (const pair& each : times_) logs += std::log1p(std::max(each.regret(), -0.999));
  return times_.empty() ? 0 : std::expm1(logs / static_cast<double>(times_.size()));
}

double judged::sum() const {
  double chosen = 0;
  double best = 0;
  for (const pair& each : times_) {
    chosen += each.chosen_us;
    best += each.best_us;
  }
  return best > 0 ? chosen / best - 1 : 0;
}

double judged::quantile(double part) const {
  if (times_.empty()) return 0;
  std::vector<double> regrets;
  for (const pair& each : times_) regrets.push_back(each.regret());
  const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(regrets.size() - 1));
  std::ranges::nth_element(regrets, regrets.begin() + at);
  return regrets[static_cast<std::size_t>(at)];
}

double judged::mispredicted() const {
  constexpr double tie = 0.1;
  const auto wrong = std::ranges::count_if(times_, [](const pair& each) { return each.regret() > tie; });
  return times_.empty() ? 0 : static_cast<double>(wrong) / static_cast<double>(times_.size());
}

}  // namespace bench::regret
