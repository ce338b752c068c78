#pragma once

#include <string>

#include "plan/planner.h"
#include "plan/profile.h"

// A machine whose constants are round numbers, so that tests can say what must come out.
namespace tandem::plan::testing {

inline constant known(double value) { return {value, 0.01, 10, origin::calibrated}; }
inline curve flat(double value) { return {{1}, {known(value)}}; }

/// One core: 10 GB/s everywhere, 1 Gop/s of everything, products 100 Gop/s; sharing out costs 5 us.
inline host_profile plain_host(int cores = 1) {
  host_profile host;
  host.source = "made up";
  host.cores = cores;
  host.level_bytes = {1e6, 1e7};
  host.call_us = known(1);
  host.fork_us = {{2}, {known(5)}};
  for (curve& level : host.bytes_per_s) {
    level = cores == 1 ? flat(1e10) : curve{{1, static_cast<double>(cores)}, {known(1e10), known(1e10 * cores)}};
  }
  for (auto& rates : host.operations_per_s) rates.fill(known(1e10));
  host.speedup = cores == 1 ? flat(1) : curve{{1, static_cast<double>(cores)}, {known(1), known(cores)}};
  host.product_alone.fill(flat(1e11));
  host.product_together.fill(flat(1e11 * cores));
  return host;
}

/// A link of 10 GB/s that takes 10 us for a copy of nothing; the device itself takes 5 us for a kernel and next to
/// nothing for work.
inline device_profile fast_device(double link_bytes_per_s = 1e10) {
  device_profile device;
  device.source = "made up";
  device.launch_us = known(2);
  device.kernel_us = known(5);
  device.synchronize_us = known(5);
  device.allocate_us = known(1);
  device.bytes_per_s = flat(1e13);
  for (auto& rates : device.operations_per_s) rates.fill(known(1e14));
  device.product.fill(flat(1e14));
  for (auto& direction : device.link) {
    for (link_profile& link : direction) link = {known(10), flat(link_bytes_per_s)};
  }
  return device;
}

/// Element-wise work: so many operations on so many bytes.
inline task some_work(double operations, double bytes, std::int64_t result_bytes = 0) {
  stage_task stage{work_class::arithmetic, 1, dtype::float64, {}, bytes, 0, 0, 0, 0};
  stage.operations[0] = operations;
  return {{stage}, 0, result_bytes};
}
inline task square_product(double n) {
  stage_task stage{work_class::product, 300, dtype::float64, {}, 3 * n * n * 8, n, n, n, 1};
  stage.operations[static_cast<std::size_t>(work_class::product)] = 2 * n * n * n;
  return {{stage}, 0, static_cast<std::int64_t>(n * n * 8)};
}

inline constexpr std::int64_t plenty = std::int64_t{1} << 40;

/// A question with arrays of these places and sizes.
struct asked {
  std::vector<operand_state> reads;
  question text;

  asked& read(std::int64_t bytes, place_set valid_on, std::atomic<float>* credit_us = nullptr) {
    reads.push_back({reads.size() + 1, bytes, valid_on, false, credit_us});
    return *this;
  }
  asked& make(std::int64_t bytes) {
    text.writes.bytes = bytes;
    return *this;
  }
  const question& get() {
    text.reads = reads;
    text.free_bytes.fill(plenty);
    return text;
  }
};

}  // namespace tandem::plan::testing
