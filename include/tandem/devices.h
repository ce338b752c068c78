#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <tandem/device.h>
#include <tandem/export.h>

// The devices that arrays can be on besides the host: GPUs, and simulated ones.
namespace tandem {

/// GPUs that can be used. When it is 0, `runtime_report` says why. Thread safety: any thread.
TANDEM_API int gpu_count() noexcept;

/// What is known of a device.
struct device_info {
  device which;
  /// "AMD EPYC ...", "NVIDIA H200".
  std::string model;
  /// It is not there: see simulation.h.
  bool is_simulated;
  /// Whatever else there is to know, as pairs of a word and a text: "driver", "compute capability", ...
  std::vector<std::pair<std::string, std::string>> facts;
};

/// Thread safety: any thread. Throws: `device_error` if the device is not there, `argument_error` for
/// `device::automatic`.
TANDEM_API device_info describe(const device& which);

/// What a device's memory holds, in bytes. For the host, see memory.h.
struct device_memory_statistics {
  /// Of the device, and what of it is free for anybody.
  std::int64_t total_bytes;
  std::int64_t free_bytes;
  /// In arrays and temporaries, and the most there were since the process began.
  std::int64_t in_use_bytes;
  std::int64_t peak_bytes;
  /// In freed blocks that are kept for reuse.
  std::int64_t cached_bytes;
};

/// The figures at this moment, over all threads. Thread safety: any thread. Throws: as `describe`.
TANDEM_API device_memory_statistics device_memory(const device& which);

/// Waits for the work that was given to the device, gives the blocks back that are kept for reuse, and returns how many
/// bytes those were. Thread safety: any thread. Throws: as `describe`.
TANDEM_API std::int64_t trim_device_memory(const device& which);

/// Waits until all work that any thread has given to the device is done. Reading a result waits for what it needs by
/// itself; this is for measuring, and for meeting errors of work whose results nobody reads. Returns at once for
/// `device::cpu`.
/// Thread safety: any thread. Throws: `device_error` for work that failed, and as `describe`.
TANDEM_API void synchronize(const device& which);

/// How often the elements of arrays were copied between the host and devices since the process began.
struct transfer_count {
  std::int64_t to_devices;
  std::int64_t to_devices_bytes;
  std::int64_t to_host;
  std::int64_t to_host_bytes;
  /// How often work on a device found what it read or changed already there.
  std::int64_t hits;
};

/// The counts at this moment, over all threads and devices. Thread safety: any thread.
TANDEM_API transfer_count transfers_so_far() noexcept;

}  // namespace tandem
