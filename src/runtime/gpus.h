#pragma once

#include <filesystem>

#include <tandem/report.h>

namespace tandem::runtime {

/// The NVIDIA driver and devices that the files below `root` show. Loads nothing, so that a report does not wake a GPU.
gpu_facts find_gpus(const std::filesystem::path& root = "/");

}  // namespace tandem::runtime
