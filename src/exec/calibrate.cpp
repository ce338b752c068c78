#include <tandem/planning.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include <tandem/errors.h>

#include "exec/devices.h"
#include "plan/calibration.h"
#include "plan/profile_file.h"
#include "plan/real_subjects.h"
#include "plan/summary.h"

namespace tandem {

namespace {

constexpr std::size_t most_devices = 8;

std::vector<device> devices_of(const calibration_options& options) {
  std::vector<device> devices;
  if (options.devices) {
    for (const device& each : *options.devices) {
      if (each.kind() == device::kind::automatic || each.kind() == device::kind::cpu) {
        throw argument_error(
            fmt::format("calibrate: the CPU is always measured; {} is no other device", to_string(each)));
      }
      if (std::ranges::find(devices, each) == devices.end()) devices.push_back(each);
    }
  } else {
    for (int i = 0; i < exec::gpu_count(); ++i) devices.push_back(device::gpu(i));
  }
  if (devices.size() <= most_devices) return devices;
  if (!options.devices) {
    devices.resize(most_devices, device::cpu);
    return devices;
  }
  throw argument_error(fmt::format("calibrate: {} devices; at most {} are measured", devices.size(), most_devices));
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

// Points of one place, with its name before what is measured.
plan::calibration_progress told_of(const calibration_options& options, const std::string& place) {
  if (!options.progress) return {};
  return [&options, place](int done, int total, std::string_view what) {
    options.progress(done, total, what.empty() ? place : fmt::format("{}: {}", place, what));
  };
}

plan::named_device_profile measured_device(const device& which, const plan::effort& effort,
                                           const calibration_options& options) {
  backend::backend& code = exec::backend_of(which);
  const backend::description about = code.describe();
  plan::named_device_profile made{std::string(code.name()), plan::find_validators(code), {}};
  const auto subject = plan::subject_of(code, about.is_simulated);
  made.constants = plan::calibrate(*subject, effort, told_of(options, made.device));
  made.constants.source =
      plan::readable(
          {{"", fmt::format("{}{}, measured {}", about.device, about.is_simulated ? " (simulated)" : "", today())}})
          .front()
          .second;
  return made;
}

// Of the file's devices, the first ones, as many are given up as it takes to write the others: simulated ones first.
void make_room(std::vector<plan::named_device_profile>& devices, std::size_t measured, const plan::profile& all) {
  while (devices.size() > measured && (devices.size() > plan::most_profile_devices || !plan::fits_in_file(all))) {
    const auto of_file = devices.end() - static_cast<std::ptrdiff_t>(measured);
    const auto simulated =
        std::find_if(devices.begin(), of_file, [](const auto& each) { return each.device.starts_with("sim:"); });
    devices.erase(simulated != of_file ? simulated : devices.begin());
  }
}

profile_report report_of(const plan::loaded_profile& of) {
  return {of.file, of.host_is_calibrated, plan::summary_of(of.constants), of.problems};
}

}  // namespace

profile_report calibrate(const calibration_options& options) {
  const std::vector<device> devices = devices_of(options);
  const std::string file = options.file ? *options.file : plan::profile_file();
  if (file.empty()) {
    throw io_error("calibrate: there is no file to write: name one, or set TANDEM_PROFILE, TANDEM_CACHE or HOME");
  }
  // What cannot be done is met before anything is measured.
  for (const device& each : devices) exec::backend_of(each);
  if (!options.file) {
    std::error_code ignored;  // writing will fail, and say why
    std::filesystem::create_directories(std::filesystem::path(file).parent_path(), ignored);
  }
  plan::check_writable(file);
  const plan::effort effort = options.quick ? plan::quick_effort() : plan::full_effort();
  plan::loaded_profile made;
  // Of the file's devices those stay that are not measured now; the rest of it, good or bad, is written anew.
  made.constants.devices = std::move(plan::load_profile(file, false).constants.devices);
  made.constants.valid_for = plan::find_host_validators();
  made.constants.host = plan::calibrate(*plan::this_host(), effort, told_of(options, "cpu"));
  made.constants.host.source = fmt::format("{}, measured {}", made.constants.valid_for.front().second, today());
  for (const device& each : devices) {
    plan::named_device_profile measured = measured_device(each, effort, options);
    std::erase_if(made.constants.devices, [&](const auto& other) { return other.device == measured.device; });
    made.constants.devices.push_back(std::move(measured));
  }
  make_room(made.constants.devices, devices.size(), made.constants);
  plan::write_profile(made.constants, file);
  return report_of(plan::load_profile(file, true));  // with figures rounded as in the file
}

profile_report current_profile() { return report_of(plan::load_profile()); }

}  // namespace tandem
