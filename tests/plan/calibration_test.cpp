#include "plan/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <tandem/errors.h>

#include "plan/sane.h"

// Calibration of machines that are made up, whose constants are known: what it finds must be those. Their clocks are
// numbers, and nothing runs.

using namespace tandem::plan;

namespace {

constexpr auto index_of(work_class of) { return static_cast<std::size_t>(of); }

// The time of what is measured: with some noise, and now and then far too long.
class made_up_clock {
 public:
  explicit made_up_clock(unsigned seed) : state_(seed) {}
  double spend(double us) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    const double uniform = static_cast<double>(state_ >> 40) / static_cast<double>(1U << 24);
    const bool is_spike = state_ % 64 == 0;
    const double taken = us * (0.98 + 0.04 * uniform) + (is_spike ? std::min(499 * us, 50'000.0) : 0);
    now_us_ += taken;
    return taken;
  }
  double now_us() const { return now_us_; }

 private:
  std::uint64_t state_;
  double now_us_ = 0;
};

// What a stage is, without what it costs.
struct host_truth {
  int cores = 8;
  double core_cache = 1 << 20;
  double shared_cache = 1 << 25;
  double call_us = 0.4;
  /// The part of a core that each further worker adds; if 0, nothing else is done faster by more of them either.
  double each_more = 0.9;
  double fork_us(int workers) const { return 2 + 0.3 * workers; }
  double bytes_per_s(int level, int workers) const {
    const double alone[] = {2e11, 5e10, 1.5e10};
    const double most[] = {2e12, 3e11, 4.5e10};
    return each_more == 0 ? alone[level] : std::min(alone[level] * workers, most[level]);
  }
  double operations_per_s(work_class of, int width) const {
    const double rates[] = {3e10, 2e10, 4e10, 2.5e10, 1e10, 1e9, 1e11, 1.5e10, 5e8, 2e9};
    static_assert(std::size(rates) == work_class_count);
    return rates[index_of(of)] / (width == 0 ? 1 : 2);
  }
  double speedup(int workers) const { return 1 + each_more * (workers - 1); }
  double product_per_s(int width, double extent, int workers) const {
    const double most = (width == 0 ? 1.2e11 : 6e10) * (workers > 1 ? speedup(workers) : 1);
    return most * extent / (extent + (workers > 1 ? 200 : 20));
  }

  double stage_us(const stage_task& what, int workers) const {
    double compute = 0;
    const int width = width_of(what.type);
    for (int i = 0; i < work_class_count; ++i) {
      const auto of = static_cast<work_class>(i);
      const double operations = what.operations[index_of(of)];
      if (operations == 0) continue;
      compute += of == work_class::product
                     ? operations / product_per_s(width, std::cbrt(what.m * what.n * what.k), workers)
                     : operations / operations_per_s(of, width) / speedup(workers);
    }
    const int level = what.bytes <= core_cache * workers ? 0 : what.bytes <= shared_cache ? 1 : 2;
    const double fork = workers > 1 ? fork_us(workers) : 0;
    return fork + 1e6 * std::max(compute, what.bytes / bytes_per_s(level, workers));
  }
};

class made_up_host final : public host_subject {
 public:
  explicit made_up_host(host_truth truth, unsigned seed = 1) : truth_(truth), clock_(seed) {}
  int cores() const override { return truth_.cores; }
  std::array<double, level_count - 1> level_bytes() const override { return {truth_.core_cache, truth_.shared_cache}; }
  double now_us() const override { return clock_.now_us(); }
  std::unique_ptr<probe> prepare(const tandem::ops::program& what) override {
    const task all = task_of(what);
    double bytes = 0;
    for (const stage_task& each : all.stages) bytes += each.bytes;
    if (bytes > most_bytes) throw tandem::out_of_memory("made up");
    return std::make_unique<made_up_probe>(*this, all);
  }
  double most_bytes = 1e12;

 private:
  class made_up_probe final : public probe {
   public:
    made_up_probe(made_up_host& on, task what) : on_(on), what_(std::move(what)) {}
    double run_us(int workers) override {
      double us = on_.truth_.call_us;
      for (const stage_task& each : what_.stages) us += on_.truth_.stage_us(each, workers);
      return on_.clock_.spend(us);
    }

   private:
    made_up_host& on_;
    task what_;
  };

  host_truth truth_;
  made_up_clock clock_;
};

struct device_truth {
  double launch_us = 3;
  double kernel_us = 2;
  double synchronize_us = 5;
  double allocate_us = 0.8;
  double free_bytes = 8e9;
  double most_product = 8192;
  double bytes_per_s = 9e11;
  double operations_per_s(work_class of, int width) const {
    const double rates[] = {2e12, 1e12, 4e12, 1e11, 5e10, 2e10, 1, 1e12, 3e9, 2e10};
    static_assert(std::size(rates) == work_class_count);
    return rates[index_of(of)] / (width == 0 ? 1 : 4);
  }
  double product_per_s(int width, double extent) const { return (width == 0 ? 2e13 : 5e11) * extent / (extent + 900); }
  double latency_us(direction to) const { return to == direction::to_device ? 7 : 9; }
  double link(direction to, memory_kind kind) const {
    return (kind == memory_kind::pinned ? 2.4e10 : 6e9) * (to == direction::to_device ? 1 : 0.8);
  }
};

class made_up_device final : public device_subject {
 public:
  explicit made_up_device(device_truth truth) : truth_(truth), clock_(3) {}
  double now_us() const override { return clock_.now_us(); }
  std::int64_t free_bytes() override { return static_cast<std::int64_t>(truth_.free_bytes); }
  double largest_product() const override { return truth_.most_product; }
  std::unique_ptr<probe> prepare(const tandem::ops::program& what) override {
    double us = 0;
    double bytes = 0;
    for (const stage_task& each : task_of(what).stages) {
      double compute = 0;
      for (int i = 0; i < work_class_count; ++i) {
        const auto of = static_cast<work_class>(i);
        const int width = width_of(each.type);
        const double operations = each.operations[index_of(of)];
        if (operations == 0) continue;
        compute +=
            operations / (of == work_class::product ? truth_.product_per_s(width, std::cbrt(each.m * each.n * each.k))
                                                    : truth_.operations_per_s(of, width));
      }
      us += truth_.kernel_us + 1e6 * std::max(compute, each.bytes / truth_.bytes_per_s);
      bytes += each.bytes;
    }
    if (bytes > truth_.free_bytes) throw tandem::out_of_memory("made up");
    return std::make_unique<made_up_probe>(*this, us);
  }
  double run_many_us(probe& what, int times) override {
    const double one = static_cast<made_up_probe&>(what).us;
    return clock_.spend(truth_.launch_us + (times - 1) * std::max(truth_.launch_us, one) + one + truth_.synchronize_us);
  }
  double give_us(probe&) override { return clock_.spend(truth_.launch_us); }
  double allocate_us(std::int64_t) override { return clock_.spend(truth_.allocate_us); }
  double synchronize_us() override { return clock_.spend(truth_.synchronize_us); }
  double copy_us(direction to, memory_kind kind, std::int64_t size_bytes) override {
    EXPECT_LE(static_cast<double>(size_bytes), truth_.free_bytes);
    return clock_.spend(truth_.latency_us(to) + static_cast<double>(size_bytes) / truth_.link(to, kind) * 1e6 +
                        truth_.synchronize_us);
  }

 private:
  struct made_up_probe final : probe {
    made_up_probe(made_up_device& on_device, double time_us) : on(on_device), us(time_us) {}
    double run_us(int) override { return on.clock_.spend(on.truth_.launch_us + us + on.truth_.synchronize_us); }
    made_up_device& on;
    double us;
  };

  device_truth truth_;
  made_up_clock clock_;
};

void expect_within(double found, double truth, double part, const std::string& what) {
  EXPECT_LE(std::abs(found / truth - 1), part) << what << ": found " << found << ", is " << truth;
}

}  // namespace

TEST(Calibration, FindsAHostsConstants) {
  for (const int cores : {1, 2, 3, 8, 64}) {
    SCOPED_TRACE(cores);
    host_truth truth;
    truth.cores = cores;
    made_up_host host(truth, static_cast<unsigned>(cores));
    const host_profile found = calibrate(host, full_effort(), {});
    expect_sane(found);
    EXPECT_EQ(found.cores, cores);
    expect_within(found.call_us.value, truth.call_us, 0.05, "call");
    EXPECT_EQ(found.call_us.from, origin::calibrated);
    EXPECT_GT(found.call_us.samples, 3);
    EXPECT_LT(found.call_us.sigma, 0.05);
    for (int workers = 1; workers <= cores; workers *= 2) {
      const std::string with = " with " + std::to_string(workers);
      if (workers > 1) expect_within(found.fork_us(workers), truth.fork_us(workers), 0.25, "fork" + with);
      expect_within(found.speedup(workers), truth.speedup(workers), 0.1, "speedup" + with);
      for (int level = 0; level < level_count; ++level) {
        // The workers' own caches hold as much as half the shared one: nothing is left for it.
        if (level == 1 && truth.core_cache * workers >= truth.shared_cache / 2) continue;
        expect_within(found.bytes_per_s[static_cast<std::size_t>(level)](workers), truth.bytes_per_s(level, workers),
                      0.15, "level " + std::to_string(level) + with);
      }
    }
    for (int i = 0; i < work_class_count; ++i) {
      const auto of = static_cast<work_class>(i);
      if (of == work_class::product) continue;
      for (int width = 0; width < width_count; ++width) {
        expect_within(found.operations_per_s[index_of(of)][static_cast<std::size_t>(width)].value,
                      truth.operations_per_s(of, width), 0.1, std::string(to_string(of)));
      }
    }
    for (int width = 0; width < width_count; ++width) {
      for (const double extent : {96.0, 256.0, 1024.0}) {
        expect_within(found.product_alone[static_cast<std::size_t>(width)](extent),
                      truth.product_per_s(width, extent, 1), 0.1, "product alone");
      }
      for (const double extent : {512.0, 1024.0}) {
        expect_within(found.product_together[static_cast<std::size_t>(width)](extent),
                      truth.product_per_s(width, extent, cores), 0.15, "product together");
      }
    }
  }
}

// Cores that others have for the time of a calibration come back, and a profile stays.
TEST(Calibration, WorkersThatHelpNobodyAreNotBelieved) {
  host_truth truth;
  truth.cores = 2;
  truth.each_more = 0;
  made_up_host host(truth);
  const host_profile found = calibrate(host, full_effort(), {});
  expect_within(found.speedup(2), std::pow(2, 0.4), 0.01, "speedup");
  EXPECT_GE(found.bytes_per_s[0](2), 1.3 * found.bytes_per_s[0](1));
  for (const std::size_t level : {1U, 2U}) {
    EXPECT_GE(found.bytes_per_s[level](2), 1.15 * found.bytes_per_s[level](1)) << level;
  }
}

TEST(Calibration, QuickOneTakesFewerPointsAndLessTime) {
  const host_truth truth;
  made_up_host slow_host(truth);
  made_up_host quick_host(truth);
  int points = 0;
  int quick_points = 0;
  calibrate(slow_host, full_effort(), [&](int, int total, std::string_view) { points = total; });
  const host_profile found =
      calibrate(quick_host, quick_effort(), [&](int, int total, std::string_view) { quick_points = total; });
  expect_sane(found);
  EXPECT_LT(quick_points, points * 3 / 4);
  EXPECT_LT(quick_host.now_us(), slow_host.now_us() / 2);
  // Spikes included: 3 s and 1 s are promised.
  EXPECT_LT(slow_host.now_us(), 4e6);
  EXPECT_LT(quick_host.now_us(), 1.5e6);
  expect_within(found.call_us.value, truth.call_us, 0.05, "call");
  expect_within(found.bytes_per_s[2](1), truth.bytes_per_s(2, 1), 0.15, "memory");
}

TEST(Calibration, ProgressCountsEachPointOnce) {
  for (const bool quick : {false, true}) {
    for (const int cores : {1, 2, 8}) {
      host_truth truth;
      truth.cores = cores;
      made_up_host host(truth);
      made_up_device device(device_truth{});
      for (const bool is_host : {true, false}) {
        int expected = 0;
        int all = -1;
        const calibration_progress look = [&](int done, int total, std::string_view what) {
          if (all < 0) all = total;
          EXPECT_EQ(done, expected++);
          EXPECT_EQ(total, all);
          EXPECT_EQ(what.empty(), done == total);
        };
        const effort by = quick ? quick_effort() : full_effort();
        if (is_host) {
          calibrate(host, by, look);
        } else {
          calibrate(device, by, look);
        }
        EXPECT_EQ(expected, all + 1) << quick << " " << cores << " " << is_host;
      }
    }
  }
  made_up_host host(host_truth{});
  const calibration_progress stop = [](int done, int, std::string_view) {
    if (done == 5) throw std::runtime_error("enough");
  };
  EXPECT_THROW(calibrate(host, full_effort(), stop), std::runtime_error);
}

TEST(Calibration, MemoryThatIsNotThereIsNotNeeded) {
  const host_truth truth;
  made_up_host host(truth);
  host.most_bytes = 4e7;
  const host_profile found = calibrate(host, full_effort(), {});
  expect_within(found.bytes_per_s[2](1), truth.bytes_per_s(2, 1), 0.15, "memory");
}

TEST(Calibration, FindsADevicesConstants) {
  const device_truth truth;
  made_up_device device(truth);
  const device_profile found = calibrate(device, full_effort(), {});
  expect_sane(found);
  expect_within(found.launch_us.value, truth.launch_us, 0.05, "launch");
  expect_within(found.kernel_us.value, truth.kernel_us, 0.15, "kernel");
  expect_within(found.synchronize_us.value, truth.synchronize_us, 0.05, "synchronize");
  expect_within(found.allocate_us.value, truth.allocate_us, 0.05, "allocate");
  for (const double bytes : {6.4e7, 2.5e8}) expect_within(found.bytes_per_s(bytes), truth.bytes_per_s, 0.1, "memory");
  for (int i = 0; i < work_class_count; ++i) {
    const auto of = static_cast<work_class>(i);
    if (of == work_class::product) continue;
    for (int width = 0; width < width_count; ++width) {
      expect_within(found.operations_per_s[index_of(of)][static_cast<std::size_t>(width)].value,
                    truth.operations_per_s(of, width), 0.1, std::string(to_string(of)));
    }
  }
  for (int width = 0; width < width_count; ++width) {
    for (const double extent : {512.0, 1024.0, 2048.0}) {
      expect_within(found.product[static_cast<std::size_t>(width)](extent), truth.product_per_s(width, extent), 0.1,
                    "product");
    }
  }
  for (const direction to : {direction::to_device, direction::to_host}) {
    for (const memory_kind kind : {memory_kind::pageable, memory_kind::pinned}) {
      const link_profile& link = found.link[static_cast<std::size_t>(to)][static_cast<std::size_t>(kind)];
      expect_within(link.latency_us.value, truth.latency_us(to), 0.1, "latency");
      for (const double bytes : {1e6, 1e7, 1e8}) {
        expect_within(link.bytes_per_s(bytes), truth.link(to, kind), 0.1, "link");
      }
    }
  }
}

TEST(Calibration, SmallDevicesAreMeasuredWithWhatTheyHave) {
  for (const double free_bytes : {4e7, 4e8}) {
    device_truth truth;
    truth.free_bytes = free_bytes;
    truth.most_product = 256;
    made_up_device device(truth);
    for (const effort& by : {full_effort(), quick_effort()}) {
      const device_profile found = calibrate(device, by, {});
      expect_sane(found);
      EXPECT_LE(found.product[0].at.back(), 256);
      EXPECT_LE(found.bytes_per_s.at.back(), std::max(free_bytes / 4, 1.7e7));
      expect_within(found.launch_us.value, truth.launch_us, 0.05, "launch");
    }
  }
}

TEST(Point, MedianAndDeviationIgnoreWhatIsFarTooLong) {
  const measured made = summary_of({3, 1, 2, 1000, 2.5});
  EXPECT_DOUBLE_EQ(made.us, 2.5);
  // Distances 0.5, 1.5, 0.5, 997.5, 0: their median is 0.5.
  EXPECT_DOUBLE_EQ(made.sigma, 1.4826 * 0.5 / 2.5);
  EXPECT_EQ(made.samples, 5);
  EXPECT_DOUBLE_EQ(summary_of({1, 2, 3, 4}).us, 2.5);
  EXPECT_DOUBLE_EQ(summary_of({7}).us, 7);
  EXPECT_DOUBLE_EQ(summary_of({0, 0}).sigma, 0);
}

TEST(Point, EndsWhenEnoughIsKnown) {
  int runs = 0;
  // The same each time: certain after the first eight that count.
  measured made = measure(full_effort(), [&] { return ++runs == 1 ? 1e6 / 1e3 : 1.0; });
  EXPECT_EQ(made.us, 1);
  EXPECT_EQ(runs, 9);
  // Never certain, and short: a hundred.
  runs = 0;
  made = measure(full_effort(), [&] { return ++runs % 2 == 0 ? 1.0 : 3.0; });
  EXPECT_EQ(made.samples, 100);
  // Long: three, or one.
  runs = 0;
  made = measure(full_effort(), [&] { return ++runs % 2 == 0 ? 9'000.0 : 12'000.0; });
  EXPECT_EQ(made.samples, 3);
  made = measure(full_effort(), [&] { return 40'000.0; });
  EXPECT_EQ(made.samples, 1);
}
