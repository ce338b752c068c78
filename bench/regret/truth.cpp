#include "regret/truth.h"

#include <algorithm>

#include "regret/host_costs.h"
#include "regret/virtual_subject.h"

namespace bench::regret {

double truth::host_us(const tandem::ops::program& what, std::span<const std::int16_t> workers) const {
  double us = of_.host->call_us;
  for (std::size_t i = 0; i < what.stages.size(); ++i) us += host_stage_us(*of_.host, what.stages[i], workers[i]);
  return us;
}

double truth::best_host_us(const tandem::ops::program& what) const {
  double us = of_.host->call_us;
  for (const tandem::ops::stage& each : what.stages) {
    double best = host_stage_us(*of_.host, each, 1);
    for (int workers = 2; workers < 2 * of_.host->cores; workers *= 2) {
      best = std::min(best, host_stage_us(*of_.host, each, std::min(workers, of_.host->cores)));
    }
    us += best;
  }
  return us;
}

double truth::device_us(const tandem::ops::program& what) const {
  return of_.device->allocate_us + device_program_us(*of_.device, what) - wait_us();
}

double truth::wait_us() const { return of_.device->synchronize_us; }

double truth::copy_us(tandem::plan::direction to, std::int64_t bytes) const {
  return bytes == 0 ? 0 : device_copy_us(*of_.device, to, tandem::plan::memory_kind::pageable, bytes);
}

}  // namespace bench::regret
