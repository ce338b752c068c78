#include "regret/virtual_subject.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include <tandem/errors.h>

#include "backend/simulated/costs.h"
#include "core/layout.h"
#include "regret/host_costs.h"

namespace bench::regret {

namespace {

namespace plan = tandem::plan;
namespace simulation = tandem::backend::simulation;

/// The first run of a program meets memory that nobody has touched.
constexpr double first_time = 2.5;

class host_probe final : public plan::probe {
 public:
  host_probe(const host_table& on, virtual_time& time, const tandem::ops::program& what)
      : on_(on), time_(time), what_(what) {}

  double run_us(int workers) override {
    const double alone = host_program_us(on_, what_, workers);
    return time_.work(std::exchange(is_first_, false) ? first_time * alone : alone);
  }

 private:
  const host_table& on_;
  virtual_time& time_;
  const tandem::ops::program what_;
  bool is_first_ = true;
};

// The kernels of a program: how long each takes, and how many launches it is.
struct given_stage {
  double us;
  int launches;
};

std::vector<given_stage> stages_of(const simulation::machine_profile& on, const tandem::ops::program& what) {
  std::vector<given_stage> made;
  for (const tandem::ops::stage& each : what.stages) {
    made.push_back({simulation::stage_us(on, each), simulation::kernels_of(each)});
  }
  return made;
}

// The host launches kernels while the device works on those before.
double given_us(const simulation::machine_profile& on, const std::vector<given_stage>& stages, int times) {
  double host = 0;
  double device = 0;
  for (int i = 0; i < times; ++i) {
    for (const given_stage& each : stages) {
      host += on.launch_us * each.launches;
      device = std::max(device, host) + each.us;
    }
  }
  return std::max(device, host) + on.synchronize_us;
}

class device_probe final : public plan::probe {
 public:
  device_probe(const simulation::machine_profile& on, virtual_time& time, const tandem::ops::program& what)
      : on_(on), time_(time), stages_(stages_of(on, what)) {}

  double run_us(int) override { return run_many_us(1); }
  double run_many_us(int times) {
    const double alone = given_us(on_, stages_, times);
    return time_.work(std::exchange(is_first_, false) ? first_time * alone : alone);
  }

 private:
  const simulation::machine_profile& on_;
  virtual_time& time_;
  std::vector<given_stage> stages_;
  bool is_first_ = true;
};

}  // namespace

double device_program_us(const simulation::machine_profile& on, const tandem::ops::program& of) {
  return given_us(on, stages_of(on, of), 1);
}

double device_copy_us(const simulation::machine_profile& on, plan::direction to, plan::memory_kind kind,
                      std::int64_t bytes) {
  const bool is_in = to == plan::direction::to_device;
  const double link =
      simulation::copy_us(on, is_in ? simulation::copy_direction::to_device : simulation::copy_direction::to_host,
                          kind == plan::memory_kind::pinned, bytes);
  return on.launch_us + link + (is_in ? 0 : on.synchronize_us);
}

std::unique_ptr<plan::probe> virtual_host::prepare(const tandem::ops::program& what) {
  return std::make_unique<host_probe>(on_, time_, what);
}

std::unique_ptr<plan::probe> virtual_device::prepare(const tandem::ops::program& what) {
  // Buffers that several stages use count several times, which hardly matters to what is measured.
  double bytes = 0;
  for (const tandem::ops::stage& each : what.stages) bytes += simulation::counts_of(each).touched_bytes();
  if (bytes > static_cast<double>(free_bytes())) {
    throw tandem::out_of_memory(
        fmt::format("{}: a program of {:.0f} bytes for {} bytes of free memory", on_.device, bytes, free_bytes()));
  }
  return std::make_unique<device_probe>(on_, time_, what);
}

double virtual_device::run_many_us(plan::probe& what, int times) {
  return dynamic_cast<device_probe&>(what).run_many_us(times);
}

double virtual_device::allocate_us(std::int64_t) { return time_.work(on_.allocate_us); }

double virtual_device::synchronize_us() { return time_.work(on_.synchronize_us); }

double virtual_device::copy_us(plan::direction to, plan::memory_kind kind, std::int64_t size_bytes) {
  // With the wait for its end, as everywhere in calibration; a copy to the host has waited.
  const double wait_us = to == plan::direction::to_device ? on_.synchronize_us : 0;
  return time_.copy(device_copy_us(on_, to, kind, size_bytes) + wait_us);
}

}  // namespace bench::regret
