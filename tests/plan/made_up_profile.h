#pragma once

#include "plan/profile.h"

// A profile in which every number is another one, so that none can be taken for its neighbour.
namespace tandem::plan {

inline profile made_up_profile() {
  double next = 1000;
  const auto some = [&] { return constant{next += 1, 0.05, 7, origin::calibrated}; };
  const auto line = [&](std::initializer_list<double> at) {
    curve made{at, {}};
    for (std::size_t i = 0; i < made.at.size(); ++i) made.values.push_back(some());
    return made;
  };
  const auto classes = [&] {
    std::array<std::array<constant, width_count>, work_class_count> rates;
    for (auto& row : rates) row = {some(), some()};
    return rates;
  };
  profile made;
  made.valid_for = {{"processor", "A \"fine\" one\\"}, {"permitted cores", "4"}};
  made.host.source = "made up";
  made.host.cores = 4;
  made.host.level_bytes = {1 << 20, 1 << 25};
  made.host.call_us = some();
  made.host.fork_us = line({2, 4});
  for (curve& each : made.host.bytes_per_s) each = line({1, 2, 4});
  made.host.operations_per_s = classes();
  made.host.speedup = {{1, 2, 4}, {{1, 0.01, 1}, {1.9, 0.01, 3}, {3.5, 0.02, 3}}};
  made.host.product_alone = {line({8, 64}), line({8, 64})};
  made.host.product_together = {line({8, 64, 512}), line({8, 64, 512})};
  for (const char* name : {"gpu:0", "sim:h200"}) {
    device_profile device;
    device.source = "made up";
    device.launch_us = some();
    device.kernel_us = some();
    device.synchronize_us = some();
    device.allocate_us = some();
    device.bytes_per_s = line({1e6, 1e8});
    device.operations_per_s = classes();
    device.product = {line({128, 1024}), line({128, 1024})};
    for (auto& to : device.link) {
      for (link_profile& each : to) each = {some(), line({65536, 1 << 20, 1 << 24})};
    }
    made.devices.push_back({name, {{"device", "Made-up"}, {"uuid", name}}, device});
  }
  return made;
}

}  // namespace tandem::plan
