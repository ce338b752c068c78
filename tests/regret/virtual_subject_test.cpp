#include "regret/virtual_subject.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/errors.h>

#include "ops/compile.h"
#include "regret/host_costs.h"

// Measurements on machines that are made up: what they are worth is known here.
namespace bench::regret {
namespace {

using tandem::empty;
using tandem::plan::direction;
using tandem::plan::memory_kind;

tandem::ops::program adding(std::int64_t count) {
  return tandem::ops::compile((empty({count}) + empty({count})).node()).code;
}

double median(std::vector<double> of) {
  std::nth_element(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2), of.end());
  return of[of.size() / 2];
}

template <class Measure>
std::vector<double> samples(int count, Measure&& measure) {
  std::vector<double> made;
  for (int i = 0; i < count; ++i) made.push_back(measure());
  return made;
}

TEST(VirtualTime, HasNoiseAndRareSpikes) {
  virtual_time time(5);
  double sum = 0;
  int spikes = 0;
  constexpr int count = 20'000;
  for (int i = 0; i < count; ++i) {
    const double before = time.now_us();
    const double taken = time.work(100);
    EXPECT_NEAR(time.now_us() - before, taken, 0.001);
    if (taken > 200) {
      EXPECT_GT(taken, 260);
      EXPECT_LT(taken, 2300);
      ++spikes;
    } else {
      sum += taken;
    }
  }
  EXPECT_NEAR(sum / (count - spikes), 100, 0.1);
  EXPECT_NEAR(spikes, count / 400, 25);
}

TEST(VirtualTime, IsTheSameForOneSeed) {
  const auto run = [](std::uint64_t seed) {
    virtual_time time(seed, {.link_contention = 0.3, .drift = 0.2});
    std::vector<double> taken;
    for (int i = 0; i < 500; ++i) {
      taken.push_back(time.work(1000));
      taken.push_back(time.copy(700));
    }
    return taken;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(VirtualTime, SlowsTheLinkAlone) {
  virtual_time time(5, {.spike_one_of = 0, .link_slowdown = 5});
  EXPECT_NEAR(median(samples(101, [&] { return time.copy(100); })), 500, 5);
  EXPECT_NEAR(median(samples(101, [&] { return time.work(100); })), 100, 1);
  time.disturb({});
  EXPECT_NEAR(median(samples(101, [&] { return time.copy(100); })), 100, 1);
}

TEST(VirtualHost, TakesWhatItsTablesSay) {
  const machine& on = machine_called("gen3-card");
  virtual_time time(1);
  virtual_host host(on, time);
  EXPECT_EQ(host.cores(), 8);
  EXPECT_EQ(host.level_bytes(), on.host->level_bytes);
  const tandem::ops::program what = adding(1 << 20);
  for (const int workers : {1, 3, 8}) {
    const std::unique_ptr<tandem::plan::probe> probe = host.prepare(what);
    const double alone = host_program_us(*on.host, what, workers);
    // The first time, memory is met that nobody has touched.
    EXPECT_GT(probe->run_us(workers), 2 * alone);
    EXPECT_NEAR(median(samples(51, [&] { return probe->run_us(workers); })), alone, 0.02 * alone);
  }
  EXPECT_EQ(host.now_us(), time.now_us());
  EXPECT_GT(host.now_us(), 0);
}

TEST(VirtualDevice, LaunchesWhileItWorks) {
  const machine& on = machine_called("h200");
  virtual_time time(1);
  virtual_device device(on, time);
  const auto one = device.prepare(adding(100));
  const double alone = device_program_us(*on.device, adding(100));
  EXPECT_GT(one->run_us(1), 2 * alone);
  EXPECT_NEAR(median(samples(51, [&] { return one->run_us(1); })), alone, 0.02 * alone);
  // Of many, the host waits for the last alone.
  const double of_hundred = median(samples(51, [&] { return device.run_many_us(*one, 100); }));
  EXPECT_LT(of_hundred, 0.5 * 100 * alone);
  EXPECT_GT(of_hundred, 100 * on.device->launch_us);
  EXPECT_THROW(device.prepare(adding(std::int64_t{1} << 33)), tandem::out_of_memory);
}

TEST(VirtualDevice, CopiesAsItsTablesSay) {
  for (const machine& each : machines()) {
    virtual_time time(3);
    virtual_device device(each, time);
    for (const direction to : {direction::to_device, direction::to_host}) {
      for (const memory_kind kind : {memory_kind::pageable, memory_kind::pinned}) {
        // Calibration waits for each copy; one to the host has waited.
        const double alone = device_copy_us(*each.device, to, kind, 1 << 24) +
                             (to == direction::to_device ? each.device->synchronize_us : 0);
        EXPECT_NEAR(median(samples(51, [&] { return device.copy_us(to, kind, 1 << 24); })), alone, 0.02 * alone);
      }
    }
    EXPECT_GT(device.allocate_us(100), 0);
    EXPECT_NEAR(median(samples(51, [&] { return device.synchronize_us(); })), each.device->synchronize_us,
                0.02 * each.device->synchronize_us);
  }
}

}  // namespace
}  // namespace bench::regret
