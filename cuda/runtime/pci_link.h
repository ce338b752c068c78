#pragma once

#include <optional>
#include <string>

namespace tandem::cuda {

/// How a device is connected, as the system says. Nothing here needs CUDA.
struct pci_link {
  /// 10^9 transfers per second of one lane: 2.5, 5, 8, 16, 32 or 64 for PCI Express 1 to 6.
  double gigatransfers_per_s;
  int lanes;

  /// What the lanes carry in one direction at most, without headers.
  double bytes_per_s() const noexcept;
  /// "32 GT/s x16".
  std::string text() const;
};

/// Reads a device's folder of /sys/bus/pci/devices. Lanes are those in use; the speed is what the device and the port
/// that it is connected to are both able to, because devices lower theirs while they have nothing to do. Nothing if the
/// system does not say, as in many virtual machines.
std::optional<pci_link> read_pci_link(const std::string& folder);

}  // namespace tandem::cuda
