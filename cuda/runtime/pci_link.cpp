#include "cuda/runtime/pci_link.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

namespace tandem::cuda {

namespace {

// The number that a file begins with ("32.0 GT/s PCIe", "16"); nothing for "Unknown" and for what is out of all reason.
std::optional<double> number_in(const std::string& file, double most) {
  std::ifstream from(file);
  double value = 0;
  if (!(from >> value) || !std::isfinite(value) || value <= 0 || value > most) return std::nullopt;
  return value;
}

}  // namespace

double pci_link::bytes_per_s() const noexcept {
  // Up to 5 GT/s, 10 transfers carry 8 bits; from 8 on, 130 carry 128.
  const double coded = gigatransfers_per_s < 6 ? 0.8 : 128.0 / 130;
  return gigatransfers_per_s * 1e9 * lanes * coded / 8;
}

std::string pci_link::text() const { return fmt::format("{} GT/s x{}", gigatransfers_per_s, lanes); }

std::optional<pci_link> read_pci_link(const std::string& folder) {
  const std::optional<double> speed = number_in(folder + "/max_link_speed", 1000);
  const std::optional<double> lanes = number_in(folder + "/current_link_width", 32);
  if (!speed || !lanes) return std::nullopt;
  // The folder lies in that of the port. A link to it is followed first.
  const std::optional<double> of_port = number_in(folder + "/../max_link_speed", 1000);
  return pci_link{std::min(*speed, of_port.value_or(*speed)), static_cast<int>(*lanes)};
}

}  // namespace tandem::cuda
