#include "runtime/gpus.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/temporary_folder.h"

// Folders that look as a system with and without an NVIDIA driver does.

namespace {

namespace fs = std::filesystem;

class Gpus : public testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }

  const tandem::testing::temporary_folder folder_;
  const fs::path root_ = folder_.path();
};

TEST_F(Gpus, NoDriver) {
  const tandem::gpu_facts found = tandem::runtime::find_gpus(root_);
  EXPECT_EQ(found.driver, "");
  EXPECT_TRUE(found.devices.empty());
  EXPECT_NE(found.why_unused.find("no NVIDIA driver"), std::string::npos) << found.why_unused;
}

TEST_F(Gpus, DriverAndDevices) {
  write("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15\nGCC version:  gcc\n");
  for (const char* name : {"nvidia1", "nvidia0", "nvidiactl", "nvidia-uvm", "null"})
    write(std::string("dev/") + name, "");
  const tandem::gpu_facts found = tandem::runtime::find_gpus(root_);
  EXPECT_EQ(found.driver, "NVIDIA UNIX x86_64 Kernel Module  570.86.15");
  EXPECT_EQ(found.devices,
            (std::vector<std::string>{(root_ / "dev/nvidia0").string(), (root_ / "dev/nvidia1").string()}));
  EXPECT_NE(found.why_unused.find("there is an NVIDIA driver"), std::string::npos) << found.why_unused;
  EXPECT_NE(found.why_unused.find("nvidia0"), std::string::npos) << found.why_unused;
}

}  // namespace
