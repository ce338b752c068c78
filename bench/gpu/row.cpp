#include "gpu/row.h"

namespace bench {

double rate(const amount& of, const timing& time) {
  return of.of == amount::kind::none || !(time.median_us > 0) ? 0 : of.count / (1e-6 * time.median_us);
}

std::optional<double> share(const row& of) {
  if (!of.failure.empty() || !of.by || of.by->amount.of != of.amount.of) return std::nullopt;
  const double theirs = rate(of.by->amount, of.by->time);
  if (!(theirs > 0)) return std::nullopt;
  return rate(of.amount, of.time) / theirs;
}

std::optional<bool> is_met(const row& of) {
  if (!of.failure.empty()) return std::nullopt;
  if (of.target_us) return of.time.median_us <= *of.target_us;
  const std::optional<double> found = share(of);
  if (!of.target_share || !found) return std::nullopt;
  return *found >= *of.target_share;
}

}  // namespace bench
