#include "plan/model.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tandem::plan {

namespace {

double positive(double value) noexcept { return std::max(value, 1e-9); }

// The cube root of m * n * k of a product of real matrices with as many operations as one of these.
double size_of_product(const stage_task& what) noexcept {
  const double operations = what.operations[static_cast<std::size_t>(work_class::product)];
  return std::cbrt(operations / 2 / std::max(what.batch, 1.0));
}

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

}  // namespace

host_model::host_model(host_profile by) : by_(std::move(by)) {
  const int cores = std::max(by_.cores, 1);
  for (int workers = 1; workers < cores; workers *= 2) teams_.push_back(team_of(workers));
  teams_.push_back(team_of(cores));
}

host_model::team host_model::team_of(int workers) const noexcept {
  team made{workers, 0, 1, {}};
  if (workers > 1 && !by_.fork_us.empty()) made.fork_us = by_.fork_us(workers);
  if (workers > 1 && !by_.speedup.empty()) {
    made.speedup = std::clamp(by_.speedup(workers), 1.0, static_cast<double>(workers));
  }
  for (std::size_t i = 0; i < level_count; ++i) made.bytes_per_s[i] = positive(by_.bytes_per_s[i](workers));
  return made;
}

// What of a stage's time does not depend on the number of workers.
struct host_model::alone {
  double compute_us;
  /// Of products: with one worker, and what all workers lose on one product by waiting for each other.
  double product_us = 0;
  double lost_us = 0;
};

host_model::alone host_model::alone_of(const stage_task& what) const noexcept {
  alone made{compute_us(by_.operations_per_s, what)};
  const double operations = product_operations(what);
  if (operations == 0) return made;
  const auto width = static_cast<std::size_t>(width_of(what.type));
  const double size = size_of_product(what);
  made.product_us = operations / positive(by_.product_alone[width](size)) * 1e6;
  made.lost_us =
      operations / positive(by_.product_together[width](size)) * 1e6 - made.product_us / teams_.back().speedup;
  return made;
}

host_time host_model::time(const stage_task& what, const alone& by_one, const team& by) const noexcept {
  host_time time;
  time.workers = by.workers;
  time.fork_us = by.fork_us;
  time.compute_us = by_one.compute_us / by.speedup;
  if (by_one.product_us > 0) {
    double us = by_one.product_us / by.speedup;
    // All of them were measured; fewer lose a part of it. A batch is shared out whole products at a time.
    if (by.workers > 1 && by_.cores > 1 && what.batch < 4 * by.workers) {
      us += by_one.lost_us * std::min(1.0, std::log2(by.workers) / std::log2(by_.cores));
    }
    time.compute_us += std::max(us, by_one.product_us / by.workers);
  }
  time.level = what.bytes <= by_.level_bytes[0] * by.workers ? 0 : what.bytes <= by_.level_bytes[1] ? 1 : 2;
  time.memory_us = what.bytes / by.bytes_per_s[static_cast<std::size_t>(time.level)] * 1e6;
  return time;
}

host_time host_model::time(const stage_task& what, int workers) const noexcept {
  return time(what, alone_of(what), team_of(workers));
}

host_time host_model::best(const stage_task& what, int limit) const noexcept {
  const alone by_one = alone_of(what);
  const host_time first = time(what, by_one, teams_.front());
  if (limit < 2 || by_.fork_us.empty() || first.us() <= by_.fork_us.values.front().value) return first;
  host_time best = first;
  const auto look = [&](const team& by) {
    const host_time now = time(what, by_one, by);
    if (now.us() < best.us()) best = now;
  };
  int last = 1;
  for (const team& each : teams_) {
    if (each.workers == 1 || each.workers > limit) continue;
    last = each.workers;
    look(each);
  }
  if (last != limit && limit < by_.cores) look(team_of(limit));
  if (best.us() >= (1 - least_gain_by_workers) * first.us()) return first;
  // Somebody asks for more workers than there are cores: that is obeyed where all cores would be used.
  return limit > by_.cores && best.workers == by_.cores ? time(what, by_one, team_of(limit)) : best;
}

device_time on_device(const device_profile& by, const stage_task& what) noexcept {
  device_time time;
  time.kernel_us = by.kernel_us.value;
  time.compute_us = compute_us(by.operations_per_s, what);
  if (const double operations = product_operations(what); operations > 0) {
    // A batch fills a device as one large product does.
    const double size = std::cbrt(operations / 2);
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
