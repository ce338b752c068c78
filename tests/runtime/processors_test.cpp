#include "runtime/processors.h"

#include <string>
#include <vector>

#include "runtime/cores_fixture.h"

// Sets of processors, and processors with cores of two kinds.

namespace {

using namespace tandem::testing;
using namespace tandem::runtime;

files siblings(const std::vector<int>& processors, const std::string& list,
               const std::string& file = "core_cpus_list") {
  files has;
  for (const int processor : processors) {
    has.emplace_back("/sys/devices/system/cpu/cpu" + std::to_string(processor) + "/topology/" + file, list + "\n");
  }
  return has;
}

/// Intel's kind: four fast cores with two threads each, numbered in pairs 0-7, and four slow ones, 8-11.
files intel() {
  files has{{"/sys/devices/cpu_core/cpus", "0-7\n"}, {"/sys/devices/cpu_atom/cpus", "8-11\n"}};
  for (int core = 0; core < 4; ++core) {
    has = has + siblings({2 * core, 2 * core + 1}, std::to_string(2 * core) + "-" + std::to_string(2 * core + 1));
  }
  for (int processor = 8; processor < 12; ++processor) has = has + siblings({processor}, std::to_string(processor));
  return has;
}

/// One core with a thread of its own for each capacity.
files arm(const std::vector<std::string>& capacities) {
  files has{{"/sys/devices/system/cpu/cpufreq/", ""}, {"/sys/devices/system/cpu/online", "0-7\n"}};
  for (std::size_t i = 0; i < capacities.size(); ++i) {
    const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(i);
    has.emplace_back(folder + "/cpu_capacity", capacities[i] + "\n");
    has.emplace_back(folder + "/topology/core_cpus_list", std::to_string(i) + "\n");
  }
  return has;
}

class performance : public ::testing::TestWithParam<machine_case> {};
TEST_P(performance, cores_count) { expect_found(GetParam()); }

const std::string lists = "/sys/devices/cpu_core/cpus: 0-7";

INSTANTIATE_TEST_SUITE_P(
    intel, performance,
    ::testing::Values(
        machine_case{"whole_machine", intel(), range(0, 11), 4, "performance cores", lists, {}, 2},
        machine_case{"only_fast_ones", intel(), range(0, 7), 4, "performance cores", lists},
        machine_case{"only_slow_ones", intel(), range(8, 11), 4, "affinity mask", "8-11", {}, 1},
        machine_case{"one_thread_of_each_fast_core", intel(), {0, 2, 4, 6}, 4, "affinity mask", "0,2,4,6", {}, 2},
        machine_case{"the_other_thread_of_each", intel(), {1, 3, 5, 7}, 4, "affinity mask", "1,3,5,7", {}, 2},
        machine_case{"two_threads_of_one_core", intel(), {2, 3}, 1, "performance cores", lists},
        machine_case{"one_fast_and_the_slow_ones", intel(), {5, 8, 9, 10, 11}, 1, "performance cores", lists},
        machine_case{"slow_ones_switched_off",
                     {{"/sys/devices/cpu_core/cpus", "0-7\n"}, {"/sys/devices/cpu_atom/cpus", "\n"}},
                     range(0, 7),
                     8,
                     "affinity mask",
                     "0-7",
                     {},
                     1},
        machine_case{"no_list_of_slow_ones",
                     {{"/sys/devices/cpu_core/cpus", "0-7\n"}},
                     range(0, 7),
                     8,
                     "affinity mask",
                     "0-7",
                     {},
                     1},
        machine_case{"slowest_kind_alone",
                     files{{"/sys/devices/cpu_core/cpus", "0-3\n"}, {"/sys/devices/cpu_lowpower/cpus", "4-7\n"}},
                     range(0, 7), 4, "performance cores", "/sys/devices/cpu_core/cpus: 0-3"},
        machine_case{"list_is_nonsense",
                     files{{"/sys/devices/cpu_core/cpus", "fast\n"}, {"/sys/devices/cpu_atom/cpus", "8-11\n"}},
                     range(0, 11),
                     12,
                     "affinity mask",
                     "0-11",
                     {},
                     1},
        machine_case{"older_name_of_the_siblings",
                     files{{"/sys/devices/cpu_core/cpus", "0-3\n"}, {"/sys/devices/cpu_atom/cpus", "4-5\n"}} +
                         siblings({0, 2}, "0,2", "thread_siblings_list") +
                         siblings({1, 3}, "1,3", "thread_siblings_list"),
                     range(0, 5), 2, "performance cores", "/sys/devices/cpu_core/cpus: 0-3"},
        machine_case{"no_topology",
                     files{{"/sys/devices/cpu_core/cpus", "0-3\n"}, {"/sys/devices/cpu_atom/cpus", "4-5\n"}},
                     range(0, 5), 4, "performance cores", "/sys/devices/cpu_core/cpus: 0-3"},
        machine_case{"topology_of_another_processor",
                     files{{"/sys/devices/cpu_core/cpus", "0-1\n"}, {"/sys/devices/cpu_atom/cpus", "4-5\n"}} +
                         siblings({0, 1}, "7"),
                     {0, 1, 4, 5},
                     2,
                     "performance cores",
                     "/sys/devices/cpu_core/cpus: 0-1"},
        machine_case{
            "one_kind_with_two_threads_a_core",
            siblings({0, 4}, "0,4") + siblings({1, 5}, "1,5") + siblings({2, 6}, "2,6") + siblings({3, 7}, "3,7"),
            range(0, 7),
            8,
            "affinity mask",
            "0-7",
            {},
            1}),
    name_of);

const std::vector<std::string> three_kinds = {"250", "250", "250", "250", "760", "760", "760", "1024"};

INSTANTIATE_TEST_SUITE_P(
    capacities, performance,
    ::testing::Values(
        machine_case{"three_kinds", arm(three_kinds), range(0, 7), 4, "performance cores",
                     "/sys/devices/system/cpu/cpu*/cpu_capacity: at least half of 1024 for 4-7"},
        machine_case{"three_kinds_slow_ones_only", arm(three_kinds), range(0, 3), 4, "affinity mask", "0-3", {}, 1},
        machine_case{"three_kinds_without_the_fastest", arm(three_kinds), range(0, 6), 3, "performance cores",
                     "for 4-7"},
        machine_case{"two_kinds", arm({"446", "446", "1024", "1024"}), range(0, 3), 2, "performance cores", "for 2-3"},
        machine_case{
            "exactly_half", arm({"512", "512", "1024", "1024"}), range(0, 3), 4, "affinity mask", "0-3", {}, 1},
        machine_case{"just_below_half", arm({"511", "511", "1024", "1024"}), range(0, 3), 2, "performance cores",
                     "for 2-3"},
        machine_case{"all_equal", arm({"1024", "1024", "1024", "1024"}), range(0, 3), 4, "affinity mask", "0-3", {}, 1},
        machine_case{"almost_equal_with_two_threads_a_core",
                     arm({"1024", "1009"}) + siblings({0, 1}, "0-1"),
                     {0, 1},
                     2,
                     "affinity mask",
                     "0-1",
                     {},
                     1},
        machine_case{"more_than_ten",
                     arm({"200", "200", "200", "200", "200", "200", "200", "200", "1024", "1024", "1024"}),
                     range(0, 10), 3, "performance cores", "for 8-10"},
        machine_case{"some_are_nonsense", arm({"", "fast", "250", "1024"}), range(0, 3), 1, "performance cores",
                     "for 3"},
        machine_case{"all_are_nonsense",
                     arm({"", "-1", "99999999999999999999", "x"}),
                     range(0, 3),
                     4,
                     "affinity mask",
                     "0-3",
                     {},
                     1},
        machine_case{"lists_come_before_capacities", arm({"1024", "250", "250"}) + intel(), range(0, 7), 4,
                     "performance cores", lists}),
    name_of);

TEST(processor_lists, are_read_as_the_kernel_writes_them) {
  const auto read = [](const std::string& text) {
    const auto mask = read_processors(text);
    return mask ? processors_of(*mask) : std::vector<int>{-1};
  };
  using list = std::vector<int>;
  EXPECT_EQ(read("0-3,8\n"), list({0, 1, 2, 3, 8}));
  EXPECT_EQ(read("63-65"), list({63, 64, 65}));
  EXPECT_EQ(read("7"), list({7}));
  EXPECT_EQ(read("5-5"), list({5}));
  EXPECT_EQ(read(""), list());
  EXPECT_EQ(read(" \n"), list());
  EXPECT_EQ(read("65535"), list({65535}));
  for (const char* const wrong :
       {"65536", "a", "1-", "-1", "1--2", "1-2-3", "1,,2", "1,", ",1", "3-1", "1 2", "0x1", "1-2:1/2"}) {
    EXPECT_EQ(read(wrong), list({-1})) << wrong;
  }
}

TEST(processor_lists, are_written_as_they_are_read) {
  for (const char* const each : {"", "0", "0-1", "0-3,8", "1,3,5", "63-64", "62,64-127,200", "65535"}) {
    const auto mask = read_processors(each);
    ASSERT_TRUE(mask) << each;
    EXPECT_EQ(list_of(*mask), each);
  }
}

TEST(processor_masks, of_processors_that_cannot_be) {
  EXPECT_EQ(processors_of(mask_of(std::vector<int>{-1, 3, 65536, 3, 2'000'000'000})), std::vector<int>{3});
  EXPECT_EQ(count_of(mask_of(std::vector<int>{})), 0);
}

TEST(processor_masks, of_different_lengths_are_compared) {
  const processor_mask near = mask_of(range(0, 9));
  const processor_mask far = mask_of(std::vector<int>{5, 700});
  EXPECT_EQ(count_in_both(near, far), 1);
  EXPECT_EQ(count_in_both(far, near), 1);
  EXPECT_TRUE(contains(far, 700));
  EXPECT_FALSE(contains(near, 700));
  EXPECT_FALSE(contains(near, 10));
}

}  // namespace
