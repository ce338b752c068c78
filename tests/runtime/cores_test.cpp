#include "runtime/cores.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <omp.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <tandem/machine.h>

#include "runtime/cores_fixture.h"

// The limits together, and those of the machine that the test runs on.

namespace {

using namespace tandem::testing;
using tandem::core_limit;
using tandem::runtime::core_limits;
using tandem::runtime::forget_core_limits;
using tandem::runtime::permitted_cores;

class affinity : public ::testing::TestWithParam<machine_case> {};
TEST_P(affinity, counts) { expect_found(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    masks, affinity,
    ::testing::Values(machine_case{"none", {}, {}, 1, "affinity mask", "not known", {}, 1},
                      machine_case{"one", {}, {3}, 1, "affinity mask", "3", {}, 1},
                      machine_case{"some", {}, {0, 1, 2, 3, 8}, 5, "affinity mask", "0-3,8", {}, 1},
                      machine_case{"said_twice", {}, {4, 4, 5, 4}, 2, "affinity mask", "4-5"},
                      machine_case{"far", {}, {0, 1023, 1024, 65535}, 4, "affinity mask", "0,1023-1024,65535"},
                      machine_case{"all", {}, range(0, 65535), 65536, "affinity mask", "0-65535"}),
    name_of);

/// A machine with a limit of each kind, of which the smallest decides: the mask has 12 processors unless it says so.
machine_case with_all(const std::string& name, int cores, const std::string& decides, const std::string& source,
                      const std::vector<int>& mask, const std::string& cpuset, const std::string& quota,
                      const std::string& slots, const std::string& fast) {
  return {name,
          process("0::/job\n", mount_2("/", "/sys/fs/cgroup")) +
              files{{"/sys/fs/cgroup/job/cpuset.cpus.effective", cpuset + "\n"},
                    {"/sys/fs/cgroup/job/cpu.max", quota + "00000 100000\n"},
                    {"/sys/devices/cpu_core/cpus", fast + "\n"},
                    {"/sys/devices/cpu_atom/cpus", "20-27\n"}},
          mask,
          cores,
          decides,
          source,
          {{"NSLOTS", slots}},
          5};
}

class combinations : public ::testing::TestWithParam<machine_case> {};
TEST_P(combinations, the_least_decides) { expect_found(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    each, combinations,
    ::testing::Values(
        with_all("mask", 4, "affinity mask", "0-3", range(0, 3), "0-8", "9", "8", "0-6"),
        with_all("cpuset", 5, "cpuset", "cpuset.cpus.effective: 0-4", range(0, 11), "0-4", "9", "8", "0-6"),
        with_all("quota", 3, "cgroup quota", "cpu.max: 300000 100000", range(0, 11), "0-4", "3", "8", "0-6"),
        with_all("scheduler", 2, "scheduler", "NSLOTS=2", range(0, 11), "0-4", "3", "2", "0-6"),
        with_all("performance_cores", 6, "performance cores", "cpu_core/cpus: 0-5", range(0, 11), "0-8", "9", "8",
                 "0-5"),
        with_all("equal_mask_first", 4, "affinity mask", "0-3", range(0, 3), "0-3", "4", "4", "0-3"),
        with_all("equal_cpuset_before_quota", 4, "cpuset", "0-3", range(0, 11), "0-3", "4", "4", "0-3"),
        with_all("equal_quota_before_scheduler", 4, "cgroup quota", "cpu.max", range(0, 11), "0-8", "4", "4", "0-3"),
        with_all("equal_scheduler_before_performance", 4, "scheduler", "NSLOTS=4", range(0, 11), "0-8", "9", "4",
                 "0-3")),
    name_of);

TEST(combinations, a_view_without_variables_has_none) {
  const std::vector<core_limit> limits = core_limits(tandem::runtime::machine_view{"/nothing/is/here", {}, {0, 1}});
  ASSERT_EQ(limits.size(), 1);
  EXPECT_EQ(limits[0].cores, 2);
}

// This machine.

int deciding_cores(const std::vector<core_limit>& limits) {
  for (const core_limit& each : limits) {
    if (each.decides) return each.cores;
  }
  return 0;
}

std::vector<int> own_processors() {
  cpu_set_t mask;
  std::vector<int> processors;
  if (sched_getaffinity(0, sizeof mask, &mask) != 0) return processors;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &mask)) processors.push_back(i);
  }
  return processors;
}

bool set_own_processors(const std::vector<int>& processors) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  for (const int processor : processors) CPU_SET(processor, &mask);
  return sched_setaffinity(0, sizeof mask, &mask) == 0;
}

bool has_two_kinds_of_core() {
  for (const core_limit& each : core_limits()) {
    if (each.name == "performance cores") return true;
  }
  return false;
}

bool openmp_binds() { return omp_get_proc_bind() != omp_proc_bind_false; }

TEST(this_machine, limits_agree_with_the_permitted_cores) {
  const std::vector<core_limit> limits = core_limits();
  expect_consistent(limits);
  EXPECT_EQ(permitted_cores(), deciding_cores(limits));
  const tandem::machine found = tandem::machine_info();
  EXPECT_EQ(found.permitted_cores, permitted_cores());
  ASSERT_EQ(found.core_limits.size(), limits.size());
  for (std::size_t i = 0; i < limits.size(); ++i) {
    EXPECT_EQ(found.core_limits[i].name, limits[i].name);
    EXPECT_EQ(found.core_limits[i].cores, limits[i].cores);
    EXPECT_EQ(found.core_limits[i].source, limits[i].source);
    EXPECT_EQ(found.core_limits[i].decides, limits[i].decides);
  }
}

TEST(this_machine, a_fresh_look_finds_the_same) {
  const int before = permitted_cores();
  forget_core_limits();
  EXPECT_EQ(permitted_cores(), before);
  EXPECT_EQ(deciding_cores(core_limits(tandem::runtime::this_machine())), before);
}

TEST(this_machine, the_affinity_mask_is_followed) {
  if (openmp_binds()) GTEST_SKIP() << "OpenMP binds threads here, so that their masks do not count";
  if (has_two_kinds_of_core()) GTEST_SKIP() << "not every processor of this machine counts";
  const std::vector<int> all = own_processors();
  ASSERT_FALSE(all.empty());
  const int before = permitted_cores();
  std::thread([&] {
    EXPECT_EQ(permitted_cores(), before);
    for (std::size_t count = 1; count <= all.size(); ++count) {
      const std::vector<int> some(all.end() - static_cast<std::ptrdiff_t>(count), all.end());
      ASSERT_TRUE(set_own_processors(some));
      const int expected = std::min(static_cast<int>(count), before);
      EXPECT_EQ(permitted_cores(), expected);
      EXPECT_EQ(permitted_cores(), expected) << "the second time";
      EXPECT_EQ(deciding_cores(core_limits()), expected);
      EXPECT_EQ(core_limits().front().cores, static_cast<int>(count));
    }
  }).join();
  EXPECT_EQ(permitted_cores(), before) << "in a thread whose mask is as it was";
}

TEST(this_machine, each_thread_has_its_own_mask) {
  if (openmp_binds()) GTEST_SKIP() << "OpenMP binds threads here, so that their masks do not count";
  const std::vector<int> all = own_processors();
  ASSERT_FALSE(all.empty());
  const int before = permitted_cores();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const bool narrow = t % 2 == 0;
      if (narrow && !set_own_processors({all[t % all.size()]})) ++wrong;
      for (int round = 0; round < 2000; ++round) {
        if (permitted_cores() != (narrow ? 1 : before)) ++wrong;
        if (t == 0 && round % 100 == 0) forget_core_limits();
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(wrong, 0);
}

/// What `answer` is in a forked child; -1 if the child fails.
int in_a_child(const std::function<int()>& answer) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    const int value = answer();
    _exit(write(ends[1], &value, sizeof value) == sizeof value ? 0 : 1);
  }
  close(ends[1]);
  int value = -1;
  const bool read_all = child > 0 && read(ends[0], &value, sizeof value) == sizeof value;
  close(ends[0]);
  int status = 0;
  if (child > 0) waitpid(child, &status, 0);
  return read_all && status == 0 ? value : -1;
}

TEST(this_machine, variables_are_read_once_and_again_in_a_forked_child) {
  if (permitted_cores() < 2) GTEST_SKIP() << "needs two cores, so that a limit of one shows";
  const int before = permitted_cores();
  EXPECT_EQ(in_a_child([] {
              const int first = permitted_cores();
              setenv("NSLOTS", "1", 1);
              return permitted_cores() == first ? first : -2;
            }),
            before);
  EXPECT_EQ(in_a_child([] {
              setenv("NSLOTS", "1", 1);
              return permitted_cores();
            }),
            1);
  EXPECT_EQ(permitted_cores(), before);
}

bool write_line(const std::string& path, const std::string& line) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool written = write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  close(file);
  return written;
}

/// A cgroup with a quota of one core, as far as the machine lets the test make one.
class private_cgroup {
 public:
  private_cgroup() {
    const std::string name = "/tandem_cores_test_" + std::to_string(getpid());
    for (const char* const point : {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"}) {
      const std::string folder = point + name;
      if (mkdir(folder.c_str(), 0755) != 0) continue;
      if (write_line(folder + "/cpu.max", "100000 100000") ||
          (write_line(folder + "/cpu.cfs_period_us", "100000") && write_line(folder + "/cpu.cfs_quota_us", "100000"))) {
        folder_ = folder;
        return;
      }
      rmdir(folder.c_str());
    }
  }
  private_cgroup(const private_cgroup&) = delete;
  private_cgroup& operator=(const private_cgroup&) = delete;
  ~private_cgroup() {
    // A process that has ended leaves its cgroup a little later.
    for (int attempt = 0; !folder_.empty() && rmdir(folder_.c_str()) != 0 && errno == EBUSY && attempt < 1000;
         ++attempt) {
      usleep(1000);
    }
  }
  /// "" if there is none.
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

TEST(this_machine, a_quota_of_a_cgroup_holds_for_who_is_in_it) {
  if (permitted_cores() < 2) GTEST_SKIP() << "needs two cores, so that a quota of one shows";
  const private_cgroup cgroup;
  if (cgroup.folder().empty()) GTEST_SKIP() << "cannot make a cgroup with a quota below /sys/fs/cgroup here";
  const int before = permitted_cores();
  constexpr int not_moved = 1000;
  const auto inside = [&](const std::function<int()>& answer) {
    return in_a_child([&] {
      if (!write_line(cgroup.folder() + "/cgroup.procs", std::to_string(getpid()))) return not_moved;
      forget_core_limits();
      return answer();
    });
  };
  const int cores = inside([] { return permitted_cores(); });
  if (cores == not_moved) GTEST_SKIP() << "cannot move a process to " << cgroup.folder();
  EXPECT_EQ(cores, 1);
  EXPECT_EQ(inside([&] {
              const std::vector<core_limit> limits = core_limits();
              for (const core_limit& each : limits) {
                if (each.decides)
                  return static_cast<int>(each.name == "cgroup quota" && each.cores == 1 &&
                                          each.source.starts_with(cgroup.folder() + "/cpu."));
              }
              return 0;
            }),
            1);
  EXPECT_EQ(permitted_cores(), before) << "out of it";
}

// Run by the test below, in a process of its own.
TEST(this_machine, DISABLED_bound_by_openmp) {
  ASSERT_TRUE(openmp_binds());
  const char* const expected = std::getenv("TANDEM_TEST_CORES");
  ASSERT_NE(expected, nullptr);
  const int cores = std::min(std::atoi(expected), omp_get_num_procs());
  if (std::getenv("TANDEM_TEST_ALL") != nullptr) {
    ASSERT_EQ(cores, std::atoi(expected));
  }
  const bool first = std::getenv("TANDEM_TEST_FIRST_LOOK_LATE") == nullptr;
  if (first) {
    EXPECT_EQ(permitted_cores(), cores);
  }
  int team = 0;
#pragma omp parallel
  {
#pragma omp single
    team = omp_get_num_threads();
  }
  EXPECT_GE(team, 1);
  if (cores > 1) {
    EXPECT_EQ(own_processors().size(), 1) << "OpenMP did not bind this thread";
  }
  EXPECT_EQ(permitted_cores(), cores);
  std::thread([&] { EXPECT_EQ(permitted_cores(), cores); }).join();
#pragma omp parallel
  {
    EXPECT_EQ(permitted_cores(), cores);
  }
  const std::vector<core_limit> limits = core_limits();
  expect_consistent(limits);
  EXPECT_EQ(deciding_cores(limits), cores);
  EXPECT_NE(limits.front().source.find("the places of OpenMP"), std::string::npos) << limits.front().source;
}

TEST(this_machine, threads_that_openmp_binds_see_all_cores) {
  if (openmp_binds()) GTEST_SKIP() << "OpenMP binds threads here, so that there is nothing to compare with";
  const std::vector<int> all = own_processors();
  ASSERT_FALSE(all.empty());
  char self[4096] = {};
  ASSERT_GT(readlink("/proc/self/exe", self, sizeof self - 1), 0);
  const auto run = [&](const std::string& variables) {
    const std::string command =
        variables + " '" + self +
        "' --gtest_brief=1 --gtest_also_run_disabled_tests --gtest_filter='*.DISABLED_bound_by_openmp' 1>&2";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  };
  const std::string cores = "TANDEM_TEST_CORES=" + std::to_string(permitted_cores());
  run("KMP_AFFINITY=compact TANDEM_TEST_ALL=1 " + cores);
  run("KMP_AFFINITY=scatter TANDEM_TEST_ALL=1 TANDEM_TEST_FIRST_LOOK_LATE=1 " + cores);
  // Where libgomp is loaded, too, it binds this thread before libomp looks: what is expected is libomp's own number.
  run("OMP_PROC_BIND=true " + cores);
  run("OMP_PROC_BIND=close OMP_PLACES=threads TANDEM_TEST_FIRST_LOOK_LATE=1 " + cores);
  // Places are a choice of the user's.
  run("OMP_PLACES={" + std::to_string(all.front()) + "} TANDEM_TEST_CORES=1");
}

}  // namespace
