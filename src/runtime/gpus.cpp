#include "runtime/gpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <string>
#include <system_error>

namespace tandem::runtime {

namespace {

constexpr const char* driver_file = "proc/driver/nvidia/version";

// "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Tue Jan ..." without its label.
std::string driver_version(const std::filesystem::path& root) {
  std::ifstream file(root / driver_file);
  std::string line;
  if (!std::getline(file, line)) return "";
  constexpr std::string_view label = "NVRM version: ";
  return line.starts_with(label) ? line.substr(label.size()) : line;
}

// nvidia0, nvidia1, ...; nvidiactl and nvidia-uvm are no GPUs.
bool is_gpu(const std::string& name) {
  constexpr std::string_view prefix = "nvidia";
  return name.size() > prefix.size() && name.starts_with(prefix) &&
         std::all_of(name.begin() + prefix.size(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

gpu_facts find_gpus(const std::filesystem::path& root) {
  gpu_facts found;
  found.driver = driver_version(root);
  std::error_code ignored;
  for (std::filesystem::directory_iterator each(root / "dev", ignored), end; each != end && !ignored;
       each.increment(ignored)) {
    if (is_gpu(each->path().filename().string())) found.devices.push_back(each->path().string());
  }
  std::ranges::sort(found.devices);
  const std::string driver =
      found.driver.empty() ? fmt::format("there is no NVIDIA driver ({} is missing)", (root / driver_file).string())
                           : "there is an NVIDIA driver";
  const std::string devices =
      found.devices.empty() ? "no device file /dev/nvidia0" : fmt::format("{}", fmt::join(found.devices, ", "));
  found.why_unused = fmt::format("{}, {}", driver, devices);
  return found;
}

}  // namespace tandem::runtime
