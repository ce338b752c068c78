#pragma once

#include <functional>
#include <string_view>

#include "plan/point.h"
#include "plan/profile.h"
#include "plan/subject.h"

// Measures the constants of a machine. docs/calibration.md says what and how.
namespace tandem::plan {

/// Told before each point: how many points are done, of how many, and what is measured next.
using calibration_progress = std::function<void(int done, int total, std::string_view what)>;

/// The constants of a host, without their source. About 60 points on 2 cores and 100 on 128; a quick calibration has
/// half as many, and takes a sixth of the time. Each is measured in several rounds.
/// Every value is within the limits of point.h.
/// Throws: what the subject throws, and what `progress` throws.
host_profile calibrate(host_subject& host, const effort& by, const calibration_progress& progress);

/// The constants of a device, without their source. Otherwise as that of the host.
device_profile calibrate(device_subject& device, const effort& by, const calibration_progress& progress);

}  // namespace tandem::plan
