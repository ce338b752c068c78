#include "backend/simulated/profiles.h"

#include <fmt/format.h>

#include <string>

#include <tandem/errors.h>

namespace tandem::backend::simulation {

namespace {

constexpr machine_profile known[] = {
    // Memory and arithmetic: NVIDIA's data sheet of the H200 SXM (141 GB, 4.8 TB/s at most, 67 TFLOP/s in float32 and
    // 34 in float64 without tensor cores). 4.3 TB/s is what copies within the device reach of the 4.8. A link of PCIe
    // 5.0 with 16 lanes carries 63 GB/s at most, 50 to 55 of which pinned copies reach in public measurements.
    {.name = "h200",
     .device = "NVIDIA H200, PCIe 5.0 x16",
     .source =
         "built from published constants: NVIDIA H200 SXM data sheet, PCI Express 5.0, public measurements of copies",
     .memory_bytes = 141'000'000'000,
     .bytes_per_s = 4.3e12,
     .float32_flops = 67e12,
     .float64_flops = 34e12,
     .launch_us = 2.0,
     .kernel_start_us = 1.5,
     .synchronize_us = 4.4,
     .allocate_us = 1.0,
     .link = {.latency_us = 6.0, .pageable_bytes_per_s = 12e9, .pinned_bytes_per_s = 52e9}},
    // NVIDIA's data sheet of the GeForce GTX 1080: 8 GB, 320 GB/s at most, 8.9 TFLOP/s, float64 a 32nd of it. PCIe 3.0
    // with 16 lanes carries 15.8 GB/s at most, about 12 in practice.
    {.name = "gen3-card",
     .device = "graphics card with 8 GB, PCIe 3.0 x16",
     .source = "built from published constants: NVIDIA GeForce GTX 1080 data sheet, PCI Express 3.0",
     .memory_bytes = 8'000'000'000,
     .bytes_per_s = 2.6e11,
     .float32_flops = 8.9e12,
     .float64_flops = 2.8e11,
     .launch_us = 4.0,
     .kernel_start_us = 2.5,
     .synchronize_us = 10.0,
     .allocate_us = 2.0,
     .link = {.latency_us = 10.0, .pageable_bytes_per_s = 6e9, .pinned_bytes_per_s = 12e9}},
    // NVIDIA's data sheet of the GH200: 96 GB, 4 TB/s at most, NVLink-C2C with 450 GB/s each way, which reaches the
    // host's memory whether it is pinned or not.
    {.name = "coupled",
     .device = "GPU tightly coupled to its CPU, 450 GB/s each way",
     .source = "built from published constants: NVIDIA GH200 Grace Hopper data sheet",
     .memory_bytes = 96'000'000'000,
     .bytes_per_s = 3.6e12,
     .float32_flops = 67e12,
     .float64_flops = 34e12,
     .launch_us = 2.0,
     .kernel_start_us = 1.5,
     .synchronize_us = 4.0,
     .allocate_us = 1.0,
     .link = {.latency_us = 2.0, .pageable_bytes_per_s = 4.0e11, .pinned_bytes_per_s = 4.0e11}},
    // NVIDIA's data sheet of the GeForce GT 730 with GDDR5: 2 GB, 40 GB/s at most, 0.69 TFLOP/s, float64 a 24th of it.
    // PCIe 2.0 with 4 lanes carries 2 GB/s at most, about 1.6 in practice.
    {.name = "old-card",
     .device = "graphics card with 2 GB, PCIe 2.0 x4",
     .source = "built from published constants: NVIDIA GeForce GT 730 (GDDR5) data sheet, PCI Express 2.0",
     .memory_bytes = 2'000'000'000,
     .bytes_per_s = 3.4e10,
     .float32_flops = 6.9e11,
     .float64_flops = 2.9e10,
     .launch_us = 6.0,
     .kernel_start_us = 4.0,
     .synchronize_us = 15.0,
     .allocate_us = 3.0,
     .link = {.latency_us = 16.0, .pageable_bytes_per_s = 1.2e9, .pinned_bytes_per_s = 1.6e9}},
    // NVIDIA's data sheet of the GeForce RTX 3080 with 10 GB: 760 GB/s at most, 29.8 TFLOP/s, float64 a 64th of it.
    // PCIe 4.0 with 16 lanes carries 31.5 GB/s at most, about 25 in practice.
    {.name = "gen4-card",
     .device = "graphics card with 10 GB, PCIe 4.0 x16",
     .source = "built from published constants: NVIDIA GeForce RTX 3080 data sheet, PCI Express 4.0",
     .memory_bytes = 10'000'000'000,
     .bytes_per_s = 6.9e11,
     .float32_flops = 29.8e12,
     .float64_flops = 4.7e11,
     .launch_us = 3.0,
     .kernel_start_us = 2.0,
     .synchronize_us = 7.0,
     .allocate_us = 1.5,
     .link = {.latency_us = 8.0, .pageable_bytes_per_s = 9e9, .pinned_bytes_per_s = 25e9}},
    // NVIDIA's data sheet of the GeForce RTX 3050 for laptops: 4 GB, 192 GB/s at most, 5.5 TFLOP/s at the clock that
    // 60 W allow, float64 a 64th of it. 8 lanes, at the speed of PCIe 3.0 on this CPU: 7.9 GB/s at most.
    {.name = "laptop",
     .device = "graphics processor of a laptop with 4 GB, PCIe 3.0 x8",
     .source = "built from published constants: NVIDIA GeForce RTX 3050 Laptop data sheet, PCI Express 3.0",
     .memory_bytes = 4'000'000'000,
     .bytes_per_s = 1.7e11,
     .float32_flops = 5.5e12,
     .float64_flops = 8.6e10,
     .launch_us = 5.0,
     .kernel_start_us = 3.0,
     .synchronize_us = 12.0,
     .allocate_us = 2.0,
     .link = {.latency_us = 11.0, .pageable_bytes_per_s = 4.5e9, .pinned_bytes_per_s = 6.5e9}}};

}  // namespace

std::span<const machine_profile> profiles() noexcept { return known; }

const machine_profile& find_profile(std::string_view name) {
  std::string names;
  for (const machine_profile& each : profiles()) {
    if (each.name == name) return each;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", each.name);
  }
  throw device_error(fmt::format("there is no profile '{}' of a machine to simulate; there are {}", name, names));
}

}  // namespace tandem::backend::simulation
