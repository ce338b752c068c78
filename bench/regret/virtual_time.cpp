#include "regret/virtual_time.h"

namespace bench::regret {

virtual_time::virtual_time(std::uint64_t seed, const disturbances& by)
    : clock_(seed), surroundings_(seed), chance_(seed), by_(by) {}

double virtual_time::work(double alone_us) {
  double us = clock_.with_noise(alone_us) * surroundings_.drift_factor(clock_.host_ns(), by_.drift);
  if (by_.spike_one_of > 0 && chance_() % static_cast<std::uint64_t>(by_.spike_one_of) == 0) {
    us *= 3 + static_cast<double>(chance_() % 18);
  }
  return pass(us);
}

double virtual_time::copy(double alone_us) {
  const double slowed_ns = 1e3 * clock_.with_noise(alone_us) * by_.link_slowdown;
  const double ns = surroundings_.contended_ns(clock_.host_ns(), slowed_ns, by_.link_contention);
  return pass(1e-3 * ns * surroundings_.drift_factor(clock_.host_ns(), by_.drift));
}

double virtual_time::pass(double us) {
  clock_.spend(1e3 * us);
  return us;
}

}  // namespace bench::regret
