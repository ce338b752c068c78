#include "cuda/runtime/hardware.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <optional>

#include "cuda/runtime/errors.h"
#include "cuda/runtime/pci_link.h"

namespace tandem::cuda {

namespace {

/// What copies of pinned memory reach of a link: 12 of 15.8 GB/s, 25 of 31.5, 50 to 55 of 63 in public measurements.
constexpr double reached_of_link = 0.8;

// 0 if this driver does not know of it.
double attribute_or_0(cudaDeviceAttr which, const gpu& of) {
  int value = 0;
  if (cudaDeviceGetAttribute(&value, which, of.index()) == cudaSuccess) return std::max(value, 0);
  cudaGetLastError();
  return 0;
}

// Units for float32 in one multiprocessor: table of arithmetic instructions in NVIDIA's CUDA C++ Programming Guide.
// 0 for what it does not have.
int float32_units(int architecture) noexcept {
  switch (architecture) {
    case 60:
    case 70:
    case 72:
    case 75:
    case 80: return 64;
    case 50:
    case 52:
    case 53:
    case 61:
    case 62:
    case 86:
    case 87:
    case 89:
    case 90:
    case 100:
    case 103:
    case 110:
    case 120:
    case 121: return 128;
    default: return 0;
  }
}

std::string version_of_driver() {
  std::ifstream from("/sys/module/nvidia/version");
  std::string version;
  from >> version;
  int supported = 0;
  if (cudaDriverGetVersion(&supported) != cudaSuccess) cudaGetLastError();
  return fmt::format("{}{}CUDA {}", version, version.empty() ? "" : ", ", version_text(supported));
}

std::optional<pci_link> link_of(const gpu& which) {
  std::array<char, 32> bus{};
  if (cudaDeviceGetPCIBusId(bus.data(), static_cast<int>(bus.size()), which.index()) != cudaSuccess) {
    cudaGetLastError();
    return std::nullopt;
  }
  std::string id = bus.data();
  std::ranges::transform(id, id.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return read_pci_link("/sys/bus/pci/devices/" + id);
}

}  // namespace

std::string uuid_text(const cudaUUID_t& uuid) {
  std::string text = "GPU";
  for (std::size_t i = 0; i < sizeof uuid.bytes; ++i) {
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", static_cast<unsigned char>(uuid.bytes[i]));
  }
  return text;
}

backend::hardware_hints hints_of(gpu& which) {
  cudaDeviceProp properties{};
  which.check(cudaGetDeviceProperties(&properties, which.index()), "ask for the GPU's properties");
  backend::hardware_hints hints;
  hints.source = fmt::format("what CUDA says of {}: clocks and counts of units", properties.name);
  // All of it is known before anything runs: what is not, such as the version of cuBLAS, would differ from one time to
  // the next in the same process.
  hints.identity = {
      {"UUID", uuid_text(properties.uuid)}, {"driver", version_of_driver()}, {"CUDA", version_text(CUDART_VERSION)}};

  // Clocks are in kHz; memory transfers twice a cycle. A multiplication and an addition are two operations.
  hints.bytes_per_s = 2e3 * attribute_or_0(cudaDevAttrMemoryClockRate, which) *
                      attribute_or_0(cudaDevAttrGlobalMemoryBusWidth, which) / 8;
  hints.float32_flops =
      2e3 * attribute_or_0(cudaDevAttrClockRate, which) * which.multiprocessors() * float32_units(which.architecture());
  const double ratio = attribute_or_0(cudaDevAttrSingleToDoublePrecisionPerfRatio, which);
  if (ratio > 0) hints.float64_flops = hints.float32_flops / ratio;

  if (const std::optional<pci_link> link = link_of(which)) {
    hints.identity.emplace_back("PCIe", link->text());
    // One that uses the CPU's page tables has another link to it, of which nobody tells.
    if (attribute_or_0(cudaDevAttrPageableMemoryAccessUsesHostPageTables, which) == 0) {
      hints.pinned_bytes_per_s = reached_of_link * link->bytes_per_s();
    }
  }
  return hints;
}

}  // namespace tandem::cuda
