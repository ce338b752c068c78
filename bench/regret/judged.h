#pragma once

#include <cmath>
#include <string>
#include <vector>

namespace bench::regret {

/// How choices compare with the best ones: each is what the choice took and what the best would have taken.
class judged {
 public:
  void add(double chosen_us, double best_us) { times_.push_back({chosen_us, best_us}); }
  void add(const judged& others) { times_.insert(times_.end(), others.times_.begin(), others.times_.end()); }

  std::size_t count() const noexcept { return times_.size(); }
  /// Regrets: how much longer than the best, as a part of that; the geometric mean of 1 + regret, less 1.
  double geometric_mean() const;
  double sum() const;
  /// The part of choices with a lower regret is `part`.
  double quantile(double part) const;
  double worst() const { return quantile(1); }
  /// Choices that took more than 10 % longer than the best.
  double mispredicted() const;

 private:
  struct pair {
    double chosen_us;
    double best_us;
    double regret() const noexcept { return chosen_us / best_us - 1; }
  };
  std::vector<pair> times_;
};

}  // namespace bench::regret
