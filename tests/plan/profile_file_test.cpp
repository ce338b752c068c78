#include "plan/profile_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <tandem/errors.h>
#include <tandem/planning.h>

#include "plan/made_up_profile.h"
#include "plan/sane.h"
#include "support/temporary_folder.h"
#include "support/text_file.h"
#include "support/with_variable.h"

using namespace tandem::plan;
using tandem::testing::temporary_folder;
using tandem::testing::with_variable;
using tandem::testing::write_text;

namespace {

std::string all_of(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& each : problems) text += each + "\n";
  return text;
}

}  // namespace

TEST(ProfileFile, IsWrittenAndReadByItsOwnerOnly) {
  const temporary_folder here;
  const std::string file = here / "profile.json";
  profile some = made_up_profile();
  some.valid_for = find_host_validators();
  write_profile(some, file);
  struct stat about{};
  ASSERT_EQ(::stat(file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  EXPECT_EQ(here.names().size(), 1U);
  const loaded_profile read = load_profile(file, true);
  EXPECT_EQ(all_of(read.problems), "");
  EXPECT_TRUE(read.host_is_calibrated);
  EXPECT_EQ(read.file, file);
  EXPECT_EQ(text_of(read.constants), text_of(some));

  EXPECT_THROW(write_profile(some, here / "none/profile.json"), tandem::io_error);
  EXPECT_THROW(check_writable(here / "none/profile.json"), tandem::io_error);
  std::filesystem::create_directory(here / "folder");
  EXPECT_THROW(write_profile(some, here / "folder"), tandem::io_error);
  EXPECT_THROW(check_writable(here / "folder"), tandem::io_error);
  check_writable(file);
  // Nothing is left beside it.
  EXPECT_EQ(here.names().size(), 2U);
}

TEST(ProfileFile, OnlyFilesAreReplacedAndLinksAreFollowed) {
  const temporary_folder here;
  const std::string pipe = here / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::filesystem::create_symlink("pipe", here / "link to pipe");
  std::filesystem::create_symlink("circle", here / "circle");
  for (const std::string& file : {pipe, here / "link to pipe", here / "circle"}) {
    EXPECT_THROW(check_writable(file), tandem::io_error) << file;
    EXPECT_THROW(write_profile(made_up_profile(), file), tandem::io_error) << file;
  }
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
  EXPECT_EQ(here.names().size(), 3U);

  std::filesystem::create_directory(here / "kept");
  std::filesystem::create_symlink("kept/profile.json", here / "profile.json");
  for (int i = 0; i < 2; ++i) {  // the second one replaces a file
    check_writable(here / "profile.json");
    write_profile(made_up_profile(), here / "profile.json");
    EXPECT_TRUE(std::filesystem::is_symlink(here / "profile.json"));
    EXPECT_TRUE(std::filesystem::is_regular_file(here / "kept/profile.json"));
  }
}

TEST(ProfileFile, OtherDevicesGiveWayWhereAllAreTooMany) {
  const temporary_folder here;
  const std::string file = here / "profile.json";
  profile full = made_up_profile();
  full.valid_for = find_host_validators();
  const named_device_profile gpu = full.devices.front();
  full.devices.clear();
  for (int i = 0; fits_in_file(full); ++i) {
    for (const char* kind : {"gpu", "sim:made-up"}) {
      full.devices.push_back(gpu);
      full.devices.back().device = std::string(kind) + ":" + std::to_string(i);
      // Many points each, so that bytes are the limit and not devices.
      curve& line = full.devices.back().constants.bytes_per_s;
      line = {};
      for (int k = 0; k < 64; ++k) {
        line.at.push_back(1000 + k);
        line.values.push_back(gpu.constants.launch_us);
      }
    }
  }
  while (!fits_in_file(full)) full.devices.pop_back();
  ASSERT_LE(full.devices.size(), most_profile_devices);
  ASSERT_GE(full.devices.size(), 4U);
  write_profile(full, file);
  ASSERT_EQ(all_of(load_profile(file, true).problems), "");

  tandem::calibration_options options;
  options.quick = true;
  options.devices = {tandem::device::simulated("old-card:7"), tandem::device::simulated("laptop:7")};
  options.file = file;
  ASSERT_NO_THROW(tandem::calibrate(options));
  std::vector<std::string> left;
  for (const named_device_profile& each : load_profile(file, true).constants.devices) left.push_back(each.device);
  const auto has = [&](const std::string& name) { return std::ranges::find(left, name) != left.end(); };
  EXPECT_TRUE(has("sim:old-card:7"));
  EXPECT_TRUE(has("sim:laptop:7"));
  EXPECT_TRUE(has("gpu:0"));
  EXPECT_TRUE(has("gpu:1"));
  EXPECT_FALSE(has("sim:made-up:0"));
  EXPECT_GT(left.size(), 4U);
}

TEST(ProfileFile, OfAnotherMachineIsNotUsed) {
  const temporary_folder here;
  const std::string file = here / "profile.json";
  const validators own = find_host_validators();
  ASSERT_GE(own.size(), 6U);
  for (std::size_t i = 0; i < own.size(); ++i) {
    profile other = made_up_profile();
    other.valid_for = own;
    other.valid_for[i].second += " II";
    write_profile(other, file);
    const loaded_profile read = load_profile(file, true);
    EXPECT_FALSE(read.host_is_calibrated) << own[i].first;
    ASSERT_EQ(read.problems.size(), 1U) << own[i].first;
    EXPECT_EQ(read.problems[0], file + ": the host was measured with another " + own[i].first + ": " + own[i].second +
                                    " II, here " + own[i].second +
                                    "; shipped constants serve; 'tandem calibrate' measures this machine");
    expect_sane(read.constants.host);
    EXPECT_TRUE(read.constants.host.source.starts_with("prior: ")) << read.constants.host.source;
    // What was measured of devices is no worse for it.
    EXPECT_EQ(read.constants.devices.size(), 2U);

    other.valid_for = own;
    other.valid_for.erase(other.valid_for.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(difference(other.valid_for, own), own[i].first + ": not known then, here " + own[i].second);
    EXPECT_EQ(difference(own, other.valid_for), own[i].first + ": " + own[i].second + ", not known here");
  }
}

TEST(ProfileFile, OfAnotherDeviceIsNotUsed) {
  tandem::backend::backend& device = tandem::backend::simulated("h200");
  loaded_profile from;
  from.file = "some.json";
  EXPECT_FALSE(constants_of(from, device.name(), find_validators(device)));
  EXPECT_EQ(all_of(from.problems), "");
  from.constants.devices = made_up_profile().devices;
  from.constants.devices[1].valid_for = find_validators(device);
  const auto found = constants_of(from, device.name(), find_validators(device));
  EXPECT_EQ(all_of(from.problems), "");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->launch_us.value, from.constants.devices[1].constants.launch_us.value);
  from.constants.devices[1].valid_for[0].second = "NVIDIA H100";
  EXPECT_FALSE(constants_of(from, device.name(), find_validators(device)));
  ASSERT_EQ(from.problems.size(), 1U);
  EXPECT_TRUE(from.problems[0].starts_with(
      "some.json: sim:h200 was measured with another device: NVIDIA H100, here NVIDIA H200"))
      << from.problems[0];
}

TEST(ProfileFile, WhatIsNoFileOrTooLargeIsNotRead) {
  const temporary_folder here;
  const std::string file = here / "profile.json";
  const auto problem_of = [&](const std::string& name, bool must_be) {
    const loaded_profile read = load_profile(name, must_be);
    EXPECT_FALSE(read.host_is_calibrated);
    expect_sane(read.constants.host);
    return all_of(read.problems);
  };
  EXPECT_EQ(problem_of("", true), "");
  EXPECT_EQ(problem_of(file, false), "");
  EXPECT_NE(problem_of(file, true).find("it cannot be read: No such file or directory"), std::string::npos);
  EXPECT_NE(problem_of(here / "", false).find("it is no file"), std::string::npos);
  ASSERT_EQ(::mkfifo((here / "pipe").c_str(), 0600), 0);
  EXPECT_NE(problem_of(here / "pipe", false).find("it is no file"), std::string::npos);
  EXPECT_NE(problem_of("/dev/zero", false).find("it is no file"), std::string::npos);
  write_text(file, "");
  EXPECT_NE(problem_of(file, false).find("it is no JSON"), std::string::npos);
  write_text(file, std::string(1 << 20, '['));
  EXPECT_NE(problem_of(file, false).find("it has more than 65536 bytes"), std::string::npos);
  write_text(file, std::string(most_profile_bytes, '['));
  EXPECT_NE(problem_of(file, false).find("it is nested more than 16 deep"), std::string::npos);
  if (::geteuid() != 0) {
    ASSERT_EQ(::chmod(file.c_str(), 0), 0);
    EXPECT_NE(problem_of(file, false).find("it cannot be read: Permission denied"), std::string::npos);
  }
}

TEST(ProfileFile, IsFoundByVariables) {
  const with_variable home("HOME", "/home/somebody");
  const with_variable no_cache("XDG_CACHE_HOME", std::nullopt);
  const with_variable no_own_cache("TANDEM_CACHE", std::nullopt);
  const with_variable no_profile("TANDEM_PROFILE", std::nullopt);
  EXPECT_EQ(profile_file(), "/home/somebody/.cache/tandem/profile.json");
  const with_variable cache("XDG_CACHE_HOME", "/var/cache");
  EXPECT_EQ(profile_file(), "/var/cache/tandem/profile.json");
  const with_variable own_cache("TANDEM_CACHE", "/some/folder");
  EXPECT_EQ(profile_file(), "/some/folder/profile.json");
  const with_variable empty_cache("TANDEM_CACHE", "");
  EXPECT_EQ(profile_file(), "");
  const with_variable profile("TANDEM_PROFILE", "my.json");
  EXPECT_EQ(profile_file(), "my.json");
  const with_variable empty_profile("TANDEM_PROFILE", "");
  EXPECT_EQ(profile_file(), "");
}
