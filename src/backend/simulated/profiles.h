#pragma once

#include <cstdint>
#include <span>
#include <string_view>

// The machines that can be simulated, as their makers describe them: what is known of one before anything is measured.
// What it then takes is in tables.h.
namespace tandem::backend::simulation {

/// One direction of the link between host and device, which both have the same.
struct link_profile {
  double latency_us;
  /// For host memory that the system may move, which is copied by way of a buffer of the driver's, and for memory that
  /// it may not.
  double pageable_bytes_per_s;
  double pinned_bytes_per_s;
};

/// A device and its link to the host.
struct machine_profile {
  /// As policies name it, after "sim:".
  std::string_view name;
  std::string_view device;
  /// Where the figures are from.
  std::string_view source;
  std::int64_t memory_bytes;
  /// Reads and writes of the device's memory, together.
  double bytes_per_s;
  /// Operations of one element, a multiplication and an addition together as two.
  double float32_flops;
  double float64_flops;
  /// What a launch takes of the host's time, and what passes on the device before a kernel does anything.
  double launch_us;
  double kernel_start_us;
  /// From the end of the work to the host's going on.
  double synchronize_us;
  double allocate_us;
  link_profile link;
};

std::span<const machine_profile> profiles() noexcept;
/// Throws: `device_error` that lists the names there are.
const machine_profile& find_profile(std::string_view name);

}  // namespace tandem::backend::simulation
