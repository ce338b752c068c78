#include "regret/faults.h"

#include <algorithm>
#include <cmath>

namespace bench::regret {

namespace plan = tandem::plan;

namespace {

// Element-wise work whose operand is on the host; what it takes at both places with the link so many times slower.
struct place_times {
  double host_us;
  double device_us;
};

work expensive(std::int64_t n, int functions) {
  tandem::expr x = tandem::placeholder({n}, tandem::float32);
  for (int i = 0; i < functions; ++i) x = i % 2 == 0 ? tandem::exp(x) : tandem::sin(x);
  return work_of("expensive", tandem::sum(x));
}

place_times times_with(const truth& takes, const work& what, double slower) {
  const double copy_us = takes.copy_us(plan::direction::to_device, what.read_bytes.front());
  return {takes.best_host_us(what.program), takes.device_us(what.program) + slower * copy_us + takes.wait_us()};
}

plan::decision decide(scene& on, const work& what, plan::planned_task& task) {
  const plan::operand_state read{1, what.read_bytes.front(), on_host, false, nullptr};
  plan::question asked;
  asked.reads = {&read, 1};
  asked.writes.bytes = what.result_bytes;
  asked.worker_limit = on.on().host->cores;
  asked.free_bytes[device_place] = on.on().device->memory_bytes;
  return on.planner().decide(task, asked);
}

// One evaluation after the other, until five decisions running are as they should be.
int evaluations_until(scene& on, const work& what, plan::planned_task& task, double slower, int wanted) {
  constexpr int most = 200;
  int right = 0;
  for (int i = 0; i < most; ++i) {
    const plan::decision decided = decide(on, what, task);
    right = decided.place == wanted ? right + 1 : 0;
    if (right == 5) return i - 4;
    if (decided.place == device_place) {
      const double alone_us = on.takes().copy_us(plan::direction::to_device, what.read_bytes.front());
      on.planner().learn_copy(device_place, plan::direction::to_device, plan::memory_kind::pageable,
                              what.read_bytes.front(), on.time().copy(slower * alone_us));
    }
    on.run(what, task, decided);
  }
  return -1;
}

}  // namespace

recovery measure_recovery(const machine& on, std::uint64_t seed) {
  recovery found{-1, -1};
  const plan::planner_settings settings{.learns = true, .exploration = 0};
  scene with(on, knowledge::calibrated, seed, settings);
  const truth& takes = with.takes();
  // Work that is better done on the device, and no longer if the link is five times slower.
  for (int i = 1; i < 400; ++i) {
    const std::int64_t n = i % 4 == 0 ? 300'000 : i % 4 == 1 ? 1'000'000 : i % 4 == 2 ? 3'000'000 : 10'000'000;
    const work what = expensive(n, i / 4 + 1);
    const place_times before = times_with(takes, what, 1);
    const place_times after = times_with(takes, what, 5);
    const bool turns = before.device_us < 0.7 * before.host_us && after.device_us > 1.4 * after.host_us;
    if (!turns) continue;
    plan::planned_task task(plan::task_of(what.program), 1);
    for (int warm = 0; warm < 20; ++warm) with.run(what, task, decide(with, what, task));
    // A copy and a run that something went wrong with.
    const double copy_us = takes.copy_us(plan::direction::to_device, what.read_bytes.front());
    with.planner().learn_copy(device_place, plan::direction::to_device, plan::memory_kind::pageable,
                              what.read_bytes.front(), 500 * copy_us);
    const plan::planner::lesson lesson = with.planner().lesson_of(task, device_place);
    with.planner().learn(lesson, 500 * std::max(lesson.work_us, 50.0));
    found.from_spike = evaluations_until(with, what, task, 1, device_place);
    found.from_slow_link = evaluations_until(with, what, task, 5, plan::host_place);
    break;
  }
  return found;
}

}  // namespace bench::regret
