#include "cuda/runtime/disk_cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/temporary_folder.h"
#include "support/text_file.h"

namespace tandem::cuda {
namespace {

namespace fs = std::filesystem;
using testing::read_text;
using testing::temporary_folder;
using testing::write_text;

std::size_t files_in(const fs::path& where) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(where), fs::directory_iterator()));
}

const std::string bytes(
    "\0\x7f"
    "ELF\n\0\xff code",
    13);

TEST(DiskCache, GivesBackWhatWasStored) {
  const temporary_folder in;
  disk_cache cache(in / "kernels/deep");
  EXPECT_EQ(cache.find("key"), std::nullopt);
  cache.store("key", bytes);
  cache.store("another key", "");
  EXPECT_EQ(cache.find("key"), bytes);
  EXPECT_EQ(cache.find("another key"), "");
  EXPECT_EQ(cache.find("key "), std::nullopt);
  EXPECT_EQ(disk_cache(in / "kernels/deep").find("key"), bytes) << "another process";
  cache.store("key", "newer");
  EXPECT_EQ(cache.find("key"), "newer");
  EXPECT_EQ(files_in(in / "kernels/deep"), 2U) << "no temporary files are left";
}

TEST(DiskCache, DropsTruncatedEntriesAndTakesNewOnes) {
  const temporary_folder in;
  disk_cache cache(in.path());
  cache.store("key", bytes);
  const fs::path file = cache.file_of("key");
  const std::string whole = read_text(file);
  ASSERT_GT(whole.size(), bytes.size());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write_text(file, whole.substr(0, length));
    EXPECT_EQ(cache.find("key"), std::nullopt) << length << " bytes";
    EXPECT_FALSE(fs::exists(file)) << length << " bytes";
    cache.store("key", bytes);
    EXPECT_EQ(cache.find("key"), bytes);
  }
  write_text(file, whole + "x");
  EXPECT_EQ(cache.find("key"), std::nullopt);
}

TEST(DiskCache, DropsEntriesWithAnyByteChanged) {
  const temporary_folder in;
  const disk_cache cache(in.path());
  disk_cache(in.path()).store("key", bytes);
  const fs::path file = cache.file_of("key");
  const std::string whole = read_text(file);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int bit : {0, 7}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      write_text(file, damaged);
      EXPECT_EQ(cache.find("key"), std::nullopt) << "byte " << at << ", bit " << bit;
    }
  }
}

TEST(DiskCache, TakesNoEntryOfAnotherKey) {
  const temporary_folder in;
  disk_cache cache(in.path());
  cache.store("one", "content of one");
  // As if the keys had the same hash.
  fs::copy_file(cache.file_of("one"), cache.file_of("two"));
  EXPECT_EQ(cache.find("two"), std::nullopt);
  EXPECT_TRUE(fs::exists(cache.file_of("two"))) << "it is intact";
  cache.store("two", "content of two");
  EXPECT_EQ(cache.find("two"), "content of two");
}

TEST(DiskCache, IgnoresWhatIsNoFile) {
  const temporary_folder in;
  disk_cache cache(in.path());
  fs::create_directory(cache.file_of("key"));
  EXPECT_EQ(cache.find("key"), std::nullopt);
  cache.store("key", bytes);
  EXPECT_EQ(cache.find("key"), std::nullopt);
}

TEST(DiskCache, ServesManyWritersAtOnce) {
  const temporary_folder in;
  constexpr int writers = 8;
  constexpr int rounds = 40;
  const std::string large(100000, 'x');
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      disk_cache cache(in.path());
      for (int round = 0; round < rounds; ++round) {
        const std::string key = "key " + std::to_string(round % 4);
        cache.store(key, large + key);
        const auto found = cache.find(key);
        // Another writer may be about to replace it, but it is whole at any moment.
        if (!found || *found != large + key) ++wrong;
        if (cache.find("absent " + std::to_string(writer))) ++wrong;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(files_in(in.path()), 4U);
}

TEST(DiskCache, KeepsNothingWhereItCannot) {
  disk_cache nowhere("");
  nowhere.store("key", bytes);
  EXPECT_EQ(nowhere.find("key"), std::nullopt);

  const temporary_folder in;
  write_text(in / "file", "no folder");
  disk_cache below_a_file(in / "file/kernels");
  below_a_file.store("key", bytes);
  EXPECT_EQ(below_a_file.find("key"), std::nullopt);
}

TEST(DiskCache, KeepsNothingInAFolderOfOthers) {
  const temporary_folder in;
  if (::geteuid() == 0) GTEST_SKIP() << "root may write to any folder";
  fs::permissions(in.path(), fs::perms::owner_read | fs::perms::owner_exec);
  disk_cache read_only(in.path());
  read_only.store("key", bytes);
  EXPECT_EQ(read_only.find("key"), std::nullopt);
}

TEST(DiskCache, RemovesWhatWasUsedLeastRecently) {
  const temporary_folder in;
  const std::string large(1000, 'x');
  disk_cache cache(in.path(), 4500);
  const auto now = fs::file_time_type::clock::now();
  for (int i = 0; i < 4; ++i) {
    const std::string key = "key " + std::to_string(i);
    cache.store(key, large);
    fs::last_write_time(cache.file_of(key), now - std::chrono::hours(100 - i));
  }
  EXPECT_EQ(files_in(in.path()), 4U);
  EXPECT_NE(cache.find("key 0"), std::nullopt);  // now the most recently used
  cache.store("key 4", large);
  EXPECT_NE(cache.find("key 0"), std::nullopt);
  EXPECT_EQ(cache.find("key 1"), std::nullopt);
  EXPECT_EQ(cache.find("key 2"), std::nullopt);
  EXPECT_NE(cache.find("key 3"), std::nullopt);
  EXPECT_NE(cache.find("key 4"), std::nullopt);
}

TEST(DiskCache, RemovesWhatLostWritersLeft) {
  const temporary_folder in;
  disk_cache cache(in.path());
  const auto now = fs::file_time_type::clock::now();
  write_text(in / "old.part", "x");
  write_text(in / "new.part", "x");
  write_text(in / "of somebody else", "x");
  fs::last_write_time(in / "old.part", now - std::chrono::hours(2));
  fs::last_write_time(in / "of somebody else", now - std::chrono::hours(2));
  cache.store("key", bytes);
  EXPECT_FALSE(fs::exists(in / "old.part"));
  EXPECT_TRUE(fs::exists(in / "new.part"));
  EXPECT_TRUE(fs::exists(in / "of somebody else"));
}

}  // namespace
}  // namespace tandem::cuda
