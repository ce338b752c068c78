#include "regret/deciding.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <vector>

namespace bench::regret {

namespace plan = tandem::plan;

namespace {

using clock = std::chrono::steady_clock;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

deciding_times measure_deciding(scene& on) {
  const tandem::expr a = tandem::placeholder({1'000'000}, tandem::float64);
  const tandem::expr b = tandem::placeholder({1'000'000}, tandem::float64);
  const work what = work_of("chain", a * b + 0.5 * a - b);
  std::atomic<float> credits[2]{};
  const plan::operand_state reads[] = {{1, 8'000'000, on_host, false, &credits[0]},
                                       {2, 8'000'000, on_host | on_device, false, &credits[1]}};
  plan::question asked;
  asked.reads = reads;
  asked.writes.bytes = what.result_bytes;
  asked.worker_limit = on.on().host->cores;
  asked.free_bytes[device_place] = on.on().device->memory_bytes;

  constexpr int rounds = 15;
  constexpr int times = 20'000;
  constexpr int tasks = 500;
  deciding_times found{};
  std::vector<double> warm;
  std::vector<double> cold;
  plan::planned_task known(plan::task_of(what.program), 1);
  int places = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto begin = clock::now();
    for (int i = 0; i < times; ++i) places += on.planner().decide(known, asked).place;
    const auto between = clock::now();
    warm.push_back(std::chrono::duration<double, std::nano>(between - begin).count() / times);
    // Made beforehand, with room for what is kept: a program's first decision finds it compiled.
    std::vector<plan::planned_task> fresh;
    fresh.reserve(tasks);
    for (int i = 0; i < tasks; ++i)
      fresh.emplace_back(plan::task_of(what.program), static_cast<std::uint64_t>(i) % 100);
    const auto first = clock::now();
    for (plan::planned_task& each : fresh) places += on.planner().decide(each, asked).place;
    cold.push_back(std::chrono::duration<double, std::nano>(clock::now() - first).count() / tasks);
  }
  // Whoever reads the sum keeps the loops.
  if (places < 0) return {};
  found.warm_ns = median(warm);
  found.cold_ns = median(cold);
  return found;
}

}  // namespace bench::regret
