#include "plan/model.h"

#include <algorithm>
#include <cmath>

namespace tandem::plan {

namespace {

double positive(double value) noexcept { return std::max(value, 1e-9); }

double size_of_product(const stage_task& what) noexcept { return std::cbrt(what.m * what.n * what.k); }

// All but products, of one worker.
double compute_us(const std::array<std::array<constant, width_count>, work_class_count>& rates,
                  const stage_task& what) {
  const auto width = static_cast<std::size_t>(width_of(what.type));
  double us = 0;
  for (std::size_t i = 0; i < work_class_count; ++i) {
    if (what.operations[i] == 0 || i == static_cast<std::size_t>(work_class::product)) continue;
    us += what.operations[i] / positive(rates[i][width].value) * 1e6;
  }
  return us;
}

double product_operations(const stage_task& what) noexcept {
  return what.operations[static_cast<std::size_t>(work_class::product)];
}

// What `workers` do in the time that one does one.
double speedup(const host_profile& by, int workers) noexcept {
  if (workers == 1 || by.speedup.empty()) return 1;
  return std::clamp(by.speedup(workers), 1.0, static_cast<double>(workers));
}

}  // namespace

host_time on_host(const host_profile& by, const stage_task& what, int workers) noexcept {
  host_time time;
  time.workers = workers;
  time.fork_us = workers > 1 && !by.fork_us.empty() ? by.fork_us(workers) : 0;
  time.compute_us = compute_us(by.operations_per_s, what) / speedup(by, workers);
  if (const double operations = product_operations(what); operations > 0) {
    const auto width = static_cast<std::size_t>(width_of(what.type));
    const double size = size_of_product(what);
    const double alone = positive(by.product_alone[width](size));
    double us = operations / (alone * speedup(by, workers)) * 1e6;
    // Workers on one product wait for each other: what all of them lose by that was measured, and fewer lose a part of
    // it. A batch is shared out whole products at a time.
    if (workers > 1 && by.cores > 1 && what.batch < 4 * workers) {
      const double together = positive(by.product_together[width](size));
      const double lost_us = operations / together * 1e6 - operations / (alone * speedup(by, by.cores)) * 1e6;
      us += lost_us * std::min(1.0, (workers - 1.0) / (by.cores - 1.0));
    }
    time.compute_us += std::max(us, operations / (alone * workers) * 1e6);
  }
  time.level = what.bytes <= by.level_bytes[0] * workers ? 0 : what.bytes <= by.level_bytes[1] ? 1 : 2;
  time.memory_us = what.bytes / positive(by.bytes_per_s[static_cast<std::size_t>(time.level)](workers)) * 1e6;
  return time;
}

host_time on_host_at_best(const host_profile& by, const stage_task& what, int limit) noexcept {
  const host_time alone = on_host(by, what, 1);
  if (limit < 2 || by.fork_us.empty() || alone.us() <= by.fork_us.values.front().value) return alone;
  host_time best = alone;
  for (int workers = 2;; workers = std::min(2 * workers, limit)) {
    const host_time time = on_host(by, what, workers);
    if (time.us() < best.us()) best = time;
    if (workers == limit) break;
  }
  return best.us() < (1 - least_gain_by_workers) * alone.us() ? best : alone;
}

device_time on_device(const device_profile& by, const stage_task& what) noexcept {
  device_time time;
  time.kernel_us = by.kernel_us.value;
  time.compute_us = compute_us(by.operations_per_s, what);
  if (const double operations = product_operations(what); operations > 0) {
    // A batch fills a device as one large product does.
    const double size = std::cbrt(what.m * what.n * what.k * std::max(what.batch, 1.0));
    time.compute_us += operations / positive(by.product[static_cast<std::size_t>(width_of(what.type))](size)) * 1e6;
  }
  time.memory_us = what.bytes / positive(by.bytes_per_s(what.bytes)) * 1e6;
  return time;
}

double copy_time_us(const link_profile& by, std::int64_t bytes) noexcept {
  if (bytes <= 0) return 0;
  const auto size = static_cast<double>(bytes);
  return by.latency_us.value + size / positive(by.bytes_per_s(size)) * 1e6;
}

}  // namespace tandem::plan
