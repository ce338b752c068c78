#include "cuda/runtime/pci_link.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "support/temporary_folder.h"

// What the system says of a device's connection, in files as Linux has them.
namespace tandem::cuda {
namespace {

class PciLink : public ::testing::Test {
 protected:
  PciLink() { std::filesystem::create_directories(device()); }

  std::string port() const { return folder_.path(); }
  std::string device() const { return folder_ / "0000:01:00.0"; }
  static void write(const std::string& file, const std::string& text) { std::ofstream(file) << text << "\n"; }

 private:
  testing::temporary_folder folder_;
};

TEST_F(PciLink, IsAsFastAsDeviceAndPortBothAre) {
  write(device() + "/max_link_speed", "32.0 GT/s PCIe");
  write(device() + "/current_link_speed", "2.5 GT/s PCIe");
  write(device() + "/current_link_width", "16");
  std::optional<pci_link> link = read_pci_link(device());
  ASSERT_TRUE(link);
  EXPECT_EQ(link->text(), "32 GT/s x16");
  EXPECT_NEAR(link->bytes_per_s(), 63.0e9, 0.05e9);
  write(port() + "/max_link_speed", "16.0 GT/s PCIe");
  link = read_pci_link(device());
  ASSERT_TRUE(link);
  EXPECT_EQ(link->text(), "16 GT/s x16");
  EXPECT_NEAR(link->bytes_per_s(), 31.5e9, 0.05e9);
  // Through a link, as /sys/bus/pci/devices has them.
  const std::string elsewhere = port() + "/other";
  std::filesystem::create_directories(elsewhere);
  std::filesystem::create_directory_symlink(device(), elsewhere + "/device");
  EXPECT_EQ(read_pci_link(elsewhere + "/device")->text(), "16 GT/s x16");
}

TEST_F(PciLink, OfTheFirstGenerationsHasTenBitsForEight) {
  write(device() + "/max_link_speed", "5.0 GT/s PCIe");
  write(device() + "/current_link_width", "4");
  EXPECT_DOUBLE_EQ(read_pci_link(device())->bytes_per_s(), 2e9);
}

TEST_F(PciLink, IsUnknownWhereTheSystemDoesNotSay) {
  EXPECT_FALSE(read_pci_link(device()));
  write(device() + "/max_link_speed", "Unknown");
  write(device() + "/current_link_width", "16");
  EXPECT_FALSE(read_pci_link(device()));
  write(device() + "/max_link_speed", "16.0 GT/s PCIe");
  for (const char* each : {"0", "-1", "255", "", "many"}) {
    write(device() + "/current_link_width", each);
    EXPECT_FALSE(read_pci_link(device())) << each;
  }
}

}  // namespace
}  // namespace tandem::cuda
