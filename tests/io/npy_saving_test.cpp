#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include <tandem/tandem.h>

#include "io/files.h"

namespace tandem::testing_io {
namespace {

using Names = std::vector<std::string>;

class npy_saving_test : public file_test {
 protected:
  mode_t mode_of(std::string_view name) const {
    struct stat status;
    EXPECT_EQ(::stat(path(name).c_str(), &status), 0);
    return status.st_mode & 07777;
  }
};

using NpySaving = npy_saving_test;

/// Files may not grow beyond this while it lives; a write that would fails with EFBIG.
class file_size_limit {
 public:
  explicit file_size_limit(rlim_t bytes) : previous_action_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &previous_);
    const rlimit limit{bytes, previous_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~file_size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &previous_);
    std::signal(SIGXFSZ, previous_action_);
  }

 private:
  void (*previous_action_)(int);
  rlimit previous_;
};

/// Runs `action` in a child that has no rights of root; whether it returned true.
template <class Action>
bool as_nobody(Action action) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::seteuid(65534) != 0) ::_exit(2);
    ::_exit(action() ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status == 0;
}

TEST_F(NpySaving, NewFilesFollowTheUmask) {
  const mode_t previous = ::umask(027);
  save(path("a.npy"), patterned<double>({3}));
  ::umask(previous);
  EXPECT_EQ(mode_of("a.npy"), 0640u);
  EXPECT_EQ(listing(), (Names{"a.npy"}));
}

TEST_F(NpySaving, ReplacedFilesKeepTheirPermissions) {
  const mode_t previous = ::umask(027);
  for (const mode_t mode : {0600u, 0644u, 0666u, 0755u, 0200u}) {
    write("a.npy", "old");
    ASSERT_EQ(::chmod(path("a.npy").c_str(), mode), 0);
    save(path("a.npy"), patterned<double>({3}));
    EXPECT_EQ(mode_of("a.npy"), mode);
    ASSERT_EQ(::unlink(path("a.npy").c_str()), 0);
  }
  ::umask(previous);
}

TEST_F(NpySaving, ShorterFilesLeaveNothingOfLongerOnes) {
  save(path("a.npy"), patterned<double>({1000}));
  save(path("a.npy"), patterned<double>({2}));
  EXPECT_EQ(read("a.npy").size(), 128u + 16u);
}

TEST_F(NpySaving, OverTheFileThatItReads) {
  const ndarray original = patterned<std::int32_t>({100, 100});
  save(path("a.npy"), original);
  const ndarray mapped = load(path("a.npy"));
  save(path("a.npy"), mapped(all, slice(none, none, -1)).transposed());
  EXPECT_EQ(elements_of<std::int32_t>(mapped), elements_of<std::int32_t>(original));
  EXPECT_EQ(elements_of<std::int32_t>(load(path("a.npy"))),
            elements_of<std::int32_t>(original(all, slice(none, none, -1)).transposed()));
  save(path("a.npy"), mapped);
  EXPECT_EQ(elements_of<std::int32_t>(load(path("a.npy"))), elements_of<std::int32_t>(original));
}

TEST_F(NpySaving, FollowsLinks) {
  ASSERT_EQ(::mkdir(path("folder").c_str(), 0755), 0);
  save(path("folder/a.npy"), patterned<double>({3}));
  ASSERT_EQ(::symlink("folder/a.npy", path("link.npy").c_str()), 0);
  ASSERT_EQ(::symlink("link.npy", path("second.npy").c_str()), 0);
  ASSERT_EQ(::symlink("folder/new.npy", path("dangling.npy").c_str()), 0);
  save(path("second.npy"), patterned<double>({5}));
  save(path("dangling.npy"), patterned<double>({7}));
  EXPECT_TRUE(std::filesystem::is_symlink(path("link.npy")));
  EXPECT_TRUE(std::filesystem::is_symlink(path("second.npy")));
  EXPECT_EQ(load(path("folder/a.npy")).shape(), (dims{5}));
  EXPECT_EQ(load(path("folder/new.npy")).shape(), (dims{7}));
  EXPECT_EQ(listing(), (Names{"dangling.npy", "folder", "link.npy", "second.npy"}));
  ASSERT_EQ(::symlink("loop.npy", path("loop.npy").c_str()), 0);
  EXPECT_TRUE(contains(error_of([&] { save(path("loop.npy"), patterned<double>({1})); }), "cannot follow the link"));
}

TEST_F(NpySaving, InTheCurrentFolder) {
  const std::filesystem::path previous = std::filesystem::current_path();
  std::filesystem::current_path(folder());
  save("a.npy", patterned<double>({3}));
  EXPECT_EQ(load("a.npy").shape(), (dims{3}));
  std::filesystem::current_path(previous);
  EXPECT_EQ(listing(), (Names{"a.npy"}));
}

TEST_F(NpySaving, LongestNames) {
  const std::string name = std::string(251, 'n') + ".npy";
  save(path(name), patterned<double>({3}));
  EXPECT_EQ(listing(), (Names{name}));
}

TEST_F(NpySaving, FullDiskLeavesTheOldFile) {
  const ndarray large = patterned<double>({10'000});
  save(path("a.npy"), patterned<double>({3}));
  const std::string before = read("a.npy");
  // Within the header, within the elements, and one byte short.
  for (const rlim_t limit : {rlim_t{0}, rlim_t{100}, rlim_t{5'000}, rlim_t{80'127}}) {
    for (const ndarray& a : {large, large(slice(none, none, -1))}) {
      std::string error;
      {
        const file_size_limit small(limit);
        error = error_of([&] { save(path("a.npy"), a); });
      }
      EXPECT_EQ(error, "save: " + path("a.npy") + ": cannot write: File too large");
      EXPECT_EQ(read("a.npy"), before);
      EXPECT_EQ(listing(), (Names{"a.npy"}));
    }
  }
  {
    const file_size_limit enough(80'128);
    save(path("a.npy"), large);
  }
  EXPECT_EQ(elements_of<double>(load(path("a.npy"))), elements_of<double>(large));
}

TEST_F(NpySaving, FolderThatMayNotBeWritten) {
  ASSERT_EQ(::chmod(folder().c_str(), 0755), 0);
  ASSERT_EQ(::mkdir(path("closed").c_str(), 0777), 0);
  save(path("closed/a.npy"), patterned<double>({3}));
  ASSERT_EQ(::chmod(path("closed/a.npy").c_str(), 0666), 0);
  ASSERT_EQ(::chmod(path("closed").c_str(), 0555), 0);
  const std::string before = read("closed/a.npy");
  for (const char* name : {"closed/a.npy", "closed/b.npy"}) {
    EXPECT_TRUE(as_nobody([&] {
      return contains(error_of([&] { save(path(name), patterned<double>({4})); }),
                      "cannot create a file in folder '" + path("closed/") + "': Permission denied");
    }));
  }
  ASSERT_EQ(::chmod(path("closed").c_str(), 0755), 0);
  EXPECT_EQ(read("closed/a.npy"), before);
  EXPECT_FALSE(std::filesystem::exists(path("closed/b.npy")));
}

TEST_F(NpySaving, FileThatMayNotBeWritten) {
  ASSERT_EQ(::chmod(folder().c_str(), 0777), 0);
  save(path("a.npy"), patterned<double>({3}));
  ASSERT_EQ(::chmod(path("a.npy").c_str(), 0444), 0);
  EXPECT_TRUE(as_nobody([&] {
    return contains(error_of([&] { save(path("a.npy"), patterned<double>({4})); }), "cannot write: Permission denied");
  }));
  EXPECT_EQ(load(path("a.npy")).shape(), (dims{3}));
  EXPECT_EQ(listing(), (Names{"a.npy"}));
}

TEST_F(NpySaving, DestinationsThatAreNoFiles) {
  const ndarray a = patterned<double>({3});
  const auto error = [&](const std::string& to) { return error_of([&] { save(to, a); }); };
  EXPECT_TRUE(contains(error(""), "the path names no file"));
  EXPECT_TRUE(contains(error(path("folder/")), "the path names no file"));
  EXPECT_TRUE(contains(error(folder()), "is a directory, not a regular file"));
  EXPECT_TRUE(contains(error("/dev/null"), "is a device, not a regular file"));
  EXPECT_TRUE(contains(error(path("absent/a.npy")),
                       "cannot create a file in folder '" + path("absent/") + "': No such file or directory"));
  EXPECT_TRUE(contains(error(path("a") + std::string(1, '\0') + ".npy"), "the path contains a NUL character"));
  EXPECT_TRUE(contains(error(path(std::string(300, 'n'))), "File name too long"));
  write("file", "x");
  EXPECT_TRUE(contains(error(path("file/a.npy")), "Not a directory"));
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_TRUE(contains(error(path("fifo")), "is a FIFO, not a regular file"));
  EXPECT_EQ(listing(), (Names{"fifo", "file"}));
}

// Whoever reads while others write sees one whole file or another.
TEST_F(NpySaving, FromTwoThreadsAtOnce) {
  const auto filled = [](std::int64_t size, double value) {
    const std::vector<double> values(static_cast<std::size_t>(size), value);
    return array(std::span(values), {size});
  };
  save(path("a.npy"), filled(5'000, 1));
  const auto writer = [&](std::int64_t size, double value) {
    for (int i = 0; i < 50; ++i) save(path("a.npy"), filled(size, value));
  };
  std::thread first(writer, 5'000, 1.0);
  std::thread second(writer, 3'000, 2.0);
  for (int i = 0; i < 100; ++i) {
    const std::vector<double> values = load(path("a.npy")).to_vector<double>();
    EXPECT_EQ(values, std::vector<double>(values.size(), values.size() == 5'000 ? 1.0 : 2.0));
  }
  first.join();
  second.join();
  EXPECT_EQ(listing(), (Names{"a.npy"}));
}

// A killed process may leave a temporary file, but the destination is whole.
TEST_F(NpySaving, KilledAtAnyMoment) {
  constexpr std::int64_t size = 200'000;
  const auto filled = [](std::int32_t value) {
    const std::vector<std::int32_t> values(size, value);
    return array(std::span(values), {size});
  };
  save(path("a.npy"), filled(-1));
  for (int i = 0; i < 12; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (std::int32_t value = 0;; ++value) save(path("a.npy"), filled(value));
    }
    const timespec pause{0, 2'000'000 + i * 700'000};
    ::nanosleep(&pause, nullptr);
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    const ndarray a = load(path("a.npy"));
    ASSERT_EQ(a.shape(), (dims{size}));
    const std::vector<std::int32_t> values = a.to_vector<std::int32_t>();
    EXPECT_EQ(values, std::vector<std::int32_t>(size, values.front()));
  }
}

}  // namespace
}  // namespace tandem::testing_io
