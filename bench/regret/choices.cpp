#include "regret/choices.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "memory/use_history.h"

namespace bench::regret {

namespace plan = tandem::plan;

namespace {

// An evaluation with what it takes at both places, and what the rules without a planner go by.
struct evaluated {
  double host_us;
  double device_us;
  double product_size;
  double elements;
  std::int64_t bytes_here;
  std::int64_t bytes_there;

  double best_us() const noexcept { return std::min(host_us, device_us); }
};

double copies_us(const truth& takes, const std::vector<plan::operand_state>& reads, int place) {
  double us = 0;
  for (const plan::operand_state& each : reads) {
    if (plan::contains(each.valid_on, place)) continue;
    us += takes.copy_us(place == plan::host_place ? plan::direction::to_host : plan::direction::to_device, each.bytes);
  }
  return us;
}

double best_threshold(const std::vector<evaluated>& all) {
  std::vector<evaluated> sorted = all;
  std::ranges::sort(sorted, {}, &evaluated::elements);
  // From the first one on, all are on the device; then one after the other is not.
  double now = 0;
  for (const evaluated& each : sorted) now += each.device_us;
  double least = now;
  double threshold = 0;
  for (const evaluated& each : sorted) {
    now += each.host_us - each.device_us;
    if (now >= least) continue;
    least = now;
    threshold = each.elements + 0.5;
  }
  return threshold;
}

bool is_on_device(baseline rule, const evaluated& what, double threshold) {
  switch (rule) {
    case baseline::always_host: return false;
    case baseline::always_device: return true;
    case baseline::large_products: return what.product_size > 500;
    case baseline::first_use: return what.bytes_there > what.bytes_here;
    case baseline::threshold: break;
  }
  return what.elements > threshold;
}

}  // namespace

std::string_view name_of(baseline of) noexcept {
  constexpr std::string_view names[] = {"always host", "always device", "cbrt(m n k) > 500", "where operands are",
                                        "best threshold"};
  return names[static_cast<std::size_t>(of)];
}

choice_results judge_choices(scene& on, int evaluations, std::uint64_t seed, bool for_testing) {
  std::mt19937_64 chance(seed);
  const truth& takes = on.takes();
  choice_results results;
  std::vector<evaluated> all;
  for (int i = 0; i < evaluations; ++i) {
    const work what = random_work(families(for_testing), 100'000'000, chance);
    plan::planned_task planned(plan::task_of(what.program), static_cast<std::uint64_t>(i) + 1);
    std::vector<plan::operand_state> reads;
    std::int64_t here = 0;
    std::int64_t there = 0;
    for (const std::int64_t bytes : what.read_bytes) {
      const std::uint64_t die = chance() % 10;
      const plan::place_set valid = die < 6 ? on_host : die < 9 ? on_device : on_host | on_device;
      reads.push_back({reads.size() + 1, bytes, valid, false, nullptr});
      here += plan::contains(valid, plan::host_place) ? bytes : 0;
      there += plan::contains(valid, device_place) ? bytes : 0;
    }
    plan::question asked;
    asked.reads = reads;
    asked.writes.bytes = what.result_bytes;
    asked.worker_limit = on.on().host->cores;
    asked.free_bytes[device_place] = on.on().device->memory_bytes;
    const plan::decision decided = on.planner().decide(planned, asked);

    const double host_copies_us = copies_us(takes, reads, plan::host_place);
    const double device_us = takes.device_us(what.program) + copies_us(takes, reads, device_place) +
                             takes.copy_us(plan::direction::to_host, what.result_bytes);
    const evaluated of{takes.best_host_us(what.program) + host_copies_us,
                       device_us,
                       what.product_size,
                       static_cast<double>(what.elements),
                       here,
                       there};
    all.push_back(of);
    const double chosen_us =
        decided.place == device_place ? of.device_us : takes.host_us(what.program, decided.workers) + host_copies_us;
    results.planned.add(chosen_us, of.best_us());

    // What the planner sees of it.
    for (const plan::operand_state& each : reads) {
      if (plan::contains(each.valid_on, decided.place)) continue;
      on.copy(decided.place == device_place ? plan::direction::to_device : plan::direction::to_host, each.bytes);
    }
    on.run(what, planned, decided);
    tandem::memory::use_history& history = on.planner().history_of(planned);
    history.made(decided.place == device_place);
    if (decided.place == device_place) history.read_back();
    if (decided.place == device_place) on.copy(plan::direction::to_host, what.result_bytes);
  }
  const double threshold = best_threshold(all);
  for (int i = 0; i < baseline_count; ++i) {
    for (const evaluated& each : all) {
      const bool device = is_on_device(static_cast<baseline>(i), each, threshold);
      results.baselines[static_cast<std::size_t>(i)].add(device ? each.device_us : each.host_us, each.best_us());
    }
  }
  return results;
}

crossover crossover_of_products(scene& on, tandem::dtype type) {
  const auto times = [&](std::int64_t n) {
    const work what =
        work_of("product", tandem::matmul(tandem::placeholder({n, n}, type), tandem::placeholder({n, n}, type)));
    const std::int64_t bytes = what.result_bytes;
    const truth& takes = on.takes();
    const double device_us = takes.device_us(what.program) + 2 * takes.copy_us(plan::direction::to_device, bytes) +
                             takes.copy_us(plan::direction::to_host, bytes);
    const bool is_really = device_us < takes.best_host_us(what.program);
    plan::planned_task planned(plan::task_of(what.program), 1);
    const plan::operand_state reads[] = {{1, bytes, on_host, false, nullptr}, {2, bytes, on_host, false, nullptr}};
    plan::question asked;
    asked.reads = reads;
    asked.writes.bytes = bytes;
    asked.worker_limit = on.on().host->cores;
    asked.free_bytes[device_place] = on.on().device->memory_bytes;
    return std::pair(is_really, on.planner().explain(planned, asked).chosen.place == device_place);
  };
  crossover found{0, 0};
  // From large to small: below the first that is faster on the host, nothing counts.
  bool real_is_open = true;
  bool predicted_is_open = true;
  for (double n = 8192; n >= 8; n /= 1.02) {
    const auto [really, predicted] = times(std::llround(n));
    real_is_open = real_is_open && really;
    predicted_is_open = predicted_is_open && predicted;
    if (real_is_open) found.real = n;
    if (predicted_is_open) found.predicted = n;
    if (!real_is_open && !predicted_is_open) break;
  }
  return found;
}

}  // namespace bench::regret
