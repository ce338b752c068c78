#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <tandem/device.h>
#include <tandem/export.h>

// The devices that arrays can be on besides the host: GPUs, and simulated ones.
namespace tandem {

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
