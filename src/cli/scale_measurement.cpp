#include "cli/scale_measurement.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <thread>
#include <utility>

#include <tandem/ndarray.h>

#include "cli/moved_bytes.h"
#include "cli/quantile.h"
#include "cli/status.h"
#include "cli/waiting.h"

namespace tandem::cli {

namespace {

using clock = std::chrono::steady_clock;

constexpr double batch_seconds = 200e-6;
constexpr int max_batch = 1000;
// Workers that have nothing to do sleep after 1 ms, unless KMP_BLOCKTIME says otherwise; and a little more.
constexpr double settling_seconds = 0.003;
constexpr std::uint64_t seed = 20240229;

double seconds_since(clock::time_point start) { return std::chrono::duration<double>(clock::now() - start).count(); }

void sleep_for(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// One round of one series: the time of a piece of work. Adds to `waited` and `measured` the seconds for which threads
// waited and those that workers had.
double measure_once(const series& what, double estimate, double& waited, double& measured) {
  const int batch = static_cast<int>(std::clamp(std::ceil(batch_seconds / estimate), 1.0, double{max_batch}));
  // The first work after other work finds other caches and another team of threads; not counted where it is cheap.
  if (estimate * batch < what.seconds / 4) what.work(what.workers, batch);
  std::vector<double> times;
  const double waited_before = seconds_waited().value_or(0);
  const clock::time_point start = clock::now();
  double passed = 0;
  do {
    times.push_back(what.work(what.workers, batch) / batch);
    passed = seconds_since(start);
  } while (passed < what.seconds);
  waited += std::max(0.0, seconds_waited().value_or(0) - waited_before);
  measured += passed * what.workers;
  return median(std::move(times));
}

}  // namespace

repeated_evaluation::repeated_evaluation(std::string expression, bindings names)
    : expression_(std::move(expression)), steps_(parse_expression(expression_)), names_(std::move(names)) {}

void repeated_evaluation::check_work() {
  description what = describe(expression_, steps_, names_);
  bool computes = false;
  moved_bytes_ = bytes_read(steps_, names_);
  for (expr& each : what.arrays) {
    if (each.is_weak()) continue;  // a number, which the description of the work has already computed
    // Nobody but the name holds what has just been computed; a plain array's storage belongs to its expression, too.
    const ndarray result = eval(std::move(each));
    if (result.storage().use_count() > 1) continue;
    computes = true;
    moved_bytes_ += bytes_of(result);
  }
  if (!computes) {
    throw failure("the expression gives arrays that exist before it is evaluated, so that there is nothing to measure");
  }
}

double repeated_evaluation::seconds(int workers, int times) {
  // An expression keeps its result for later uses, so each evaluation has one of its own, which nobody else holds.
  std::vector<description> work;
  work.reserve(static_cast<std::size_t>(times));
  for (int i = 0; i < times; ++i) work.push_back(describe(expression_, steps_, names_));
  policy rules;
  rules.workers = workers;
  const clock::time_point start = clock::now();
  for (description& each : work) {
    for (expr& array : each.arrays) eval(std::move(array), rules);
  }
  return seconds_since(start);
}

std::vector<int> worker_counts(int max, int permitted) {
  constexpr int all_up_to = 16;
  std::vector<int> counts;
  if (max <= all_up_to) {
    counts.resize(static_cast<std::size_t>(max));
    std::iota(counts.begin(), counts.end(), 1);
    return counts;
  }
  for (int power = 1; power <= max; power *= 2) {
    counts.push_back(power);
    if (power > 1 && power + power / 2 <= max) counts.push_back(power + power / 2);
  }
  counts.push_back(std::min(permitted, max));
  counts.push_back(max);
  std::sort(counts.begin(), counts.end());
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  return counts;
}

std::vector<series_times> measure(const std::vector<series>& all, int rounds, progress& done) {
  done.announce(static_cast<std::int64_t>(all.size()) * rounds);
  constexpr double shortest = 1e-9;  // the clock's tick
  std::vector<double> estimates;
  for (const series& each : all) {
    // The first time starts threads and takes memory from the system; the second tells more.
    const double first = each.work(each.workers, 1);
    estimates.push_back(std::max(shortest, first < 1 ? each.work(each.workers, 1) : first));
  }
  std::vector<series_times> times(all.size());
  std::vector<double> waited(all.size());
  std::vector<double> measured(all.size());
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937_64 random(seed);
  int workers_before = 0;
  for (int round = 0; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t i : order) {
      // Threads that are not needed any more would take turns with the others, or slow them down as the other half of
      // their core.
      if (all[i].workers < workers_before) sleep_for(std::min(settling_seconds, all[i].seconds));
      workers_before = all[i].workers;
      times[i].rounds_s.push_back(measure_once(all[i], estimates[i], waited[i], measured[i]));
      estimates[i] = std::max(shortest, times[i].rounds_s.back());
      done.advance(1);
    }
  }
  if (seconds_waited()) {
    for (std::size_t i = 0; i < all.size(); ++i) times[i].waiting = waited[i] / measured[i];
  }
  return times;
}

}  // namespace tandem::cli
