#include <string>
#include <vector>

#include "runtime/cores_fixture.h"

// Quotas and cpusets of cgroups, as machines of many kinds have them.

namespace {

using namespace tandem::testing;

const std::string point_1 = "/sys/fs/cgroup/cpu";
const std::string point_2 = "/sys/fs/cgroup";
const std::vector<int> sixteen = range(0, 15);

/// A machine of version 2 with the process in /a/b, and what its files say.
files nested_2(const files& has) { return process("0::/a/b\n", mount_2("/", point_2)) + has; }
/// A machine of version 2 with the process in /job and one quota.
machine_case with_quota_2(const std::string& name, const std::string& text, int cores) {
  const bool limited = cores < 16;
  return {"version_2_" + name,
          process("0::/job\n", mount_2("/", point_2)) + files{{point_2 + "/job/cpu.max", text}},
          sixteen,
          cores,
          limited ? "cgroup quota" : "affinity mask",
          limited ? "/sys/fs/cgroup/job/cpu.max: " + text.substr(0, text.find('\n')) : "0-15"};
}
machine_case with_quota_1(const std::string& name, const std::string& quota, const std::string& period, int cores) {
  const bool limited = cores < 16;
  return {"version_1_" + name,
          process("3:cpu:/job\n", mount_1("cpu", "/", point_1)) + quota_1(point_1 + "/job", quota, period),
          sixteen,
          cores,
          limited ? "cgroup quota" : "affinity mask",
          limited ? "/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us: " + quota + ", cpu.cfs_period_us: " + period : "0-15"};
}
/// A machine of version 2 whose cpuset's list is `text`.
machine_case with_cpuset(const std::string& name, const std::string& text, const std::vector<int>& mask, int cores,
                         bool decides) {
  return {"cpuset_" + name,
          process("0::/job\n", mount_2("/", point_2)) + files{{point_2 + "/job/cpuset.cpus.effective", text}},
          mask,
          cores,
          decides ? "cpuset" : "affinity mask",
          decides ? "/sys/fs/cgroup/job/cpuset.cpus.effective: " : ""};
}

class cgroup_quotas : public ::testing::TestWithParam<machine_case> {};
TEST_P(cgroup_quotas, are_found) { expect_found(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    roundings, cgroup_quotas,
    ::testing::Values(with_quota_2("half_a_core", "50000 100000\n", 1),
                      with_quota_2("one_and_a_half", "150000 100000\n", 1),
                      with_quota_2("almost_three", "299900 100000\n", 2), with_quota_2("three", "300000 100000\n", 3),
                      with_quota_2("other_period", "20000 5000\n", 4), with_quota_2("max", "max 100000\n", 16),
                      with_quota_2("zero", "0 100000\n", 16), with_quota_2("zero_period", "200000 0\n", 16),
                      with_quota_2("negative", "-1 100000\n", 16), with_quota_2("no_number", "lots of it\n", 16),
                      with_quota_2("no_period", "200000\n", 16), with_quota_2("three_words", "200000 100000 1\n", 16),
                      with_quota_2("empty", "", 16), with_quota_2("fraction", "2e5 100000\n", 16),
                      with_quota_2("no_end_of_line", "200000 100000", 2),
                      with_quota_2("beyond_64_bits", "99999999999999999999 100000\n", 16),
                      with_quota_2("most_of_64_bits", "9223372036854775807 1\n", 16),
                      with_quota_1("half_a_core", "50000", "100000", 1),
                      with_quota_1("almost_three", "299900", "100000", 2), with_quota_1("none", "-1", "100000", 16),
                      with_quota_1("zero", "0", "100000", 16), with_quota_1("zero_period", "200000", "0", 16),
                      with_quota_1("no_number", "many", "100000", 16),
                      with_quota_1("other_period", "250000", "50000", 5)),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    nested, cgroup_quotas,
    ::testing::Values(
        machine_case{
            "version_2_leaf_tighter",
            nested_2({{point_2 + "/a/b/cpu.max", "200000 100000\n"}, {point_2 + "/a/cpu.max", "400000 100000\n"}}),
            sixteen,
            2,
            "cgroup quota",
            "/sys/fs/cgroup/a/b/cpu.max: 200000 100000",
            {},
            3},
        machine_case{
            "version_2_ancestor_tighter",
            nested_2({{point_2 + "/a/b/cpu.max", "800000 100000\n"}, {point_2 + "/a/cpu.max", "300000 100000\n"}}),
            sixteen,
            3,
            "cgroup quota",
            "/sys/fs/cgroup/a/cpu.max: 300000 100000",
            {},
            3},
        machine_case{
            "version_2_leaf_has_no_quota",
            nested_2({{point_2 + "/a/b/cpu.max", "max 100000\n"}, {point_2 + "/a/cpu.max", "300000 100000\n"}}),
            sixteen,
            3,
            "cgroup quota",
            "/sys/fs/cgroup/a/cpu.max",
            {},
            2},
        machine_case{"version_2_leaf_has_no_controller", nested_2({{point_2 + "/a/cpu.max", "300000 100000\n"}}),
                     sixteen, 3, "cgroup quota", "/sys/fs/cgroup/a/cpu.max"},
        machine_case{"version_2_mount_has_one", nested_2({{point_2 + "/cpu.max", "500000 100000\n"}}), sixteen, 5,
                     "cgroup quota", "/sys/fs/cgroup/cpu.max: 500000 100000"},
        machine_case{
            "version_2_siblings_do_not_count",
            nested_2({{point_2 + "/a/c/cpu.max", "100000 100000\n"}, {point_2 + "/b/cpu.max", "100000 100000\n"}}),
            sixteen,
            16,
            "affinity mask",
            "0-15",
            {},
            1},
        machine_case{"version_2_of_equal_ones_the_innermost",
                     nested_2({{point_2 + "/a/b/cpu.max", "300000 100000\n"}, {point_2 + "/a/cpu.max", "3000 1000\n"}}),
                     sixteen, 3, "cgroup quota", "/sys/fs/cgroup/a/b/cpu.max"},
        machine_case{"version_1_ancestor_tighter",
                     process("3:cpu:/a/b/c\n", mount_1("cpu", "/", point_1)) + quota_1(point_1 + "/a/b/c", "600000") +
                         quota_1(point_1 + "/a/b", "-1") + quota_1(point_1 + "/a", "200000") + quota_1(point_1, "-1"),
                     sixteen,
                     2,
                     "cgroup quota",
                     "/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us: 200000",
                     {},
                     3},
        machine_case{"version_1_at_the_mount",
                     process("3:cpu:/\n", mount_1("cpu", "/", point_1)) + quota_1(point_1, "700000"), sixteen, 7,
                     "cgroup quota", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"},
        machine_case{"systemd_slices",
                     process("0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-u12.scope\n",
                             mount_2("/", point_2)) +
                         files{{point_2 + "/user.slice/cpu.max", "max 100000\n"},
                               {point_2 + "/user.slice/user-1000.slice/cpu.max", "400000 100000\n"},
                               {point_2 + "/user.slice/user-1000.slice/user@1000.service/cpu.max", "max 100000\n"}},
                     sixteen, 4, "cgroup quota", "/user.slice/user-1000.slice/cpu.max: 400000 100000"},
        machine_case{
            "systemd_service_of_version_1",
            process("11:cpuset:/\n4:cpu,cpuacct:/system.slice/job.service\n1:name=systemd:/system.slice/job.service\n",
                    mount_1("xattr,name=systemd", "/", "/sys/fs/cgroup/systemd") +
                        mount_1("cpu,cpuacct", "/", "/sys/fs/cgroup/cpu,cpuacct")) +
                quota_1("/sys/fs/cgroup/cpu,cpuacct/system.slice/job.service", "250000"),
            sixteen, 2, "cgroup quota", "/sys/fs/cgroup/cpu,cpuacct/system.slice/job.service/cpu.cfs_quota_us"},
        machine_case{"kubernetes_of_version_1_on_the_host",
                     process("5:cpu,cpuacct:/kubepods/burstable/pod12ab/34cd\n", mount_1("cpuacct,cpu", "/", point_1)) +
                         quota_1(point_1 + "/kubepods/burstable/pod12ab/34cd", "400000") +
                         quota_1(point_1 + "/kubepods/burstable/pod12ab", "300000") +
                         quota_1(point_1 + "/kubepods/burstable", "-1") + quota_1(point_1 + "/kubepods", "-1"),
                     sixteen,
                     3,
                     "cgroup quota",
                     "/kubepods/burstable/pod12ab/cpu.cfs_quota_us",
                     {},
                     3},
        machine_case{"kubernetes_of_version_2_on_the_host",
                     process("0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12.slice/"
                             "cri-containerd-34.scope\n",
                             mount_2("/", point_2)) +
                         files{{point_2 + "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12.slice/"
                                          "cri-containerd-34.scope/cpu.max",
                                "250000 100000\n"},
                               {point_2 + "/kubepods.slice/cpu.max", "1400000 100000\n"}},
                     sixteen,
                     2,
                     "cgroup quota",
                     "/cri-containerd-34.scope/cpu.max: 250000 100000",
                     {},
                     3}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    containers, cgroup_quotas,
    ::testing::Values(
        machine_case{"docker_of_version_1_shows_its_own_cgroup",
                     process("4:cpu,cpuacct:/docker/abc\n",
                             mount_1("cpu,cpuacct", "/docker/abc", "/sys/fs/cgroup/cpu,cpuacct")) +
                         quota_1("/sys/fs/cgroup/cpu,cpuacct", "300000"),
                     sixteen, 3, "cgroup quota", "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us: 300000"},
        machine_case{"docker_of_version_1_with_a_cgroup_inside",
                     process("4:cpu:/docker/abc/in\n", mount_1("cpu", "/docker/abc", point_1)) +
                         quota_1(point_1, "600000") + quota_1(point_1 + "/in", "200000"),
                     sixteen,
                     2,
                     "cgroup quota",
                     "/sys/fs/cgroup/cpu/in/cpu.cfs_quota_us",
                     {},
                     3},
        machine_case{"a_root_that_only_begins_alike",
                     process("4:cpu:/docker/abcdef\n", mount_1("cpu", "/docker/abc", point_1)) +
                         quota_1(point_1, "600000") + quota_1(point_1 + "/def", "200000"),
                     sixteen, 6, "cgroup quota", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"},
        machine_case{"cgroup_namespace_of_version_2",
                     process("0::/\n", mount_2("/", point_2)) + files{{point_2 + "/cpu.max", "200000 100000\n"}},
                     sixteen, 2, "cgroup quota", "/sys/fs/cgroup/cpu.max: 200000 100000"},
        machine_case{"path_outside_the_mount",
                     process("0::/system.slice/other.scope\n", mount_2("/docker/abc", point_2)) +
                         files{{point_2 + "/cpu.max", "200000 100000\n"},
                               {point_2 + "/system.slice/other.scope/cpu.max", "100000 100000\n"}},
                     sixteen,
                     2,
                     "cgroup quota",
                     "/sys/fs/cgroup/cpu.max",
                     {},
                     2},
        machine_case{"path_outside_the_mount_and_longer",
                     process("4:cpu:/docker/abcdef/in\n", mount_1("cpu", "/docker/abc", point_1)) +
                         quota_1(point_1, "600000") + quota_1(point_1 + "/in", "200000"),
                     sixteen,
                     6,
                     "cgroup quota",
                     "/sys/fs/cgroup/cpu/cpu.cfs_quota_us",
                     {},
                     2},
        machine_case{
            "path_that_leads_up",
            process("0::/../../host.slice\n", mount_2("/", point_2)) +
                files{{point_2 + "/cpu.max", "500000 100000\n"}, {"/sys/host.slice/cpu.max", "100000 100000\n"}},
            sixteen,
            5,
            "cgroup quota",
            "/sys/fs/cgroup/cpu.max",
            {},
            2},
        machine_case{"path_that_leads_up_from_inside",
                     process("0::/a/../b\n", mount_2("/", point_2)) + files{{point_2 + "/cpu.max", "500000 100000\n"},
                                                                            {point_2 + "/b/cpu.max", "100000 100000\n"},
                                                                            {point_2 + "/a/", ""}},
                     sixteen,
                     5,
                     "cgroup quota",
                     "/sys/fs/cgroup/cpu.max",
                     {},
                     2},
        machine_case{"mount_from_outside_of_the_namespace",
                     process("0::/\n", mount_2("/../..", point_2)) + files{{point_2 + "/cpu.max", "500000 100000\n"}},
                     sixteen, 5, "cgroup quota", "/sys/fs/cgroup/cpu.max"},
        machine_case{"kubernetes_of_version_1_inside",
                     process("5:cpu,cpuacct:/kubepods/burstable/pod12ab/34cd\n",
                             mount_1("cpu,cpuacct", "/kubepods/burstable/pod12ab/34cd", "/sys/fs/cgroup/cpu,cpuacct")) +
                         quota_1("/sys/fs/cgroup/cpu,cpuacct", "150000"),
                     sixteen, 1, "cgroup quota", "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us: 150000"},
        machine_case{
            "podman_without_root",
            process("0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-12.scope/container\n",
                    mount_2("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-12.scope", point_2)) +
                files{{point_2 + "/cpu.max", "300000 100000\n"}, {point_2 + "/container/cpu.max", "max 100000\n"}},
            sixteen,
            3,
            "cgroup quota",
            "/sys/fs/cgroup/cpu.max: 300000 100000",
            {},
            2},
        machine_case{"podman_without_controllers",
                     process("0::/\n", mount_2("/", point_2)),
                     sixteen,
                     16,
                     "affinity mask",
                     "0-15",
                     {},
                     1},
        machine_case{"lxc_of_version_1",
                     process("6:cpu,cpuacct:/lxc/box/init.scope\n", mount_1("cpu,cpuacct", "/", point_1)) +
                         quota_1(point_1 + "/lxc/box", "400000") + quota_1(point_1 + "/lxc/box/init.scope", "-1"),
                     sixteen, 4, "cgroup quota", "/sys/fs/cgroup/cpu/lxc/box/cpu.cfs_quota_us"},
        machine_case{
            "lxc_of_version_2",
            process("0::/.lxc\n", mount_2("/", point_2)) +
                files{{point_2 + "/.lxc/cpu.max", "600000 100000\n"}, {point_2 + "/cpu.max", "200000 100000\n"}},
            sixteen,
            2,
            "cgroup quota",
            "/sys/fs/cgroup/cpu.max",
            {},
            3}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    hierarchies, cgroup_quotas,
    ::testing::Values(
        machine_case{"both_versions_where_1_has_the_quota",
                     process("4:cpu,cpuacct:/job\n1:name=systemd:/job\n0::/job\n",
                             mount_1("cpu,cpuacct", "/", point_1) + mount_2("/", "/sys/fs/cgroup/unified")) +
                         quota_1(point_1 + "/job", "300000") +
                         files{{"/sys/fs/cgroup/unified/job/cgroup.procs", "1\n"}},
                     sixteen, 3, "cgroup quota", "/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us"},
        machine_case{"both_versions_where_2_has_the_quota",
                     process("4:cpuset:/\n0::/job\n",
                             mount_1("cpuset", "/", "/sys/fs/cgroup/cpuset") + mount_2("/", "/sys/fs/cgroup/unified")) +
                         files{{"/sys/fs/cgroup/unified/job/cpu.max", "200000 100000\n"}},
                     sixteen, 2, "cgroup quota", "/sys/fs/cgroup/unified/job/cpu.max"},
        machine_case{"controllers_with_cpu_in_their_names_are_others",
                     process("4:cpuacct:/job\n5:cpuset:/job\n", mount_1("cpuacct", "/", point_1)) +
                         quota_1(point_1 + "/job", "300000"),
                     sixteen, 16, "affinity mask", "0-15"},
        machine_case{
            "a_hierarchy_named_cpu_is_no_controller",
            process("4:name=cpu:/job\n", mount_1("name=cpu", "/", point_1)) + quota_1(point_1 + "/job", "300000"),
            sixteen, 16, "affinity mask", "0-15"},
        machine_case{
            "an_unusual_mount_point",
            process("0::/job\n", mount_2("/", "/dev/cgroup2")) + files{{"/dev/cgroup2/job/cpu.max", "200000 100000\n"}},
            sixteen, 2, "cgroup quota", "/dev/cgroup2/job/cpu.max"},
        machine_case{"spaces_in_the_mount_point",
                     process("0::/job\n", mount_2("/", "/my\\040own\\134cgroup\\011s")) +
                         files{{"/my own\\cgroup\ts/job/cpu.max", "200000 100000\n"}},
                     sixteen, 2, "cgroup quota", "/my own\\cgroup\ts/job/cpu.max"},
        machine_case{
            "spaces_in_the_path",
            process("0::/my job\n", mount_2("/", point_2)) + files{{point_2 + "/my job/cpu.max", "200000 100000\n"}},
            sixteen, 2, "cgroup quota", "/my job/cpu.max"},
        machine_case{
            "spaces_in_the_root",
            process("4:cpu:/my job/in\n", mount_1("cpu", "/my\\040job", point_1)) + quota_1(point_1 + "/in", "200000"),
            sixteen, 2, "cgroup quota", "/sys/fs/cgroup/cpu/in/cpu.cfs_quota_us"},
        machine_case{"colons_in_the_path",
                     process("4:cpu:/a:b\n", mount_1("cpu", "/", point_1)) + quota_1(point_1 + "/a:b", "200000"),
                     sixteen, 2, "cgroup quota", "/sys/fs/cgroup/cpu/a:b/cpu.cfs_quota_us"},
        machine_case{
            "two_mounts_of_which_one_shows_more",
            process("0::/pod/job\n", mount_2("/pod/job", "/own") + mount_2("/", point_2) + mount_2("/other", "/o")) +
                files{{"/own/cpu.max", "600000 100000\n"},
                      {point_2 + "/pod/job/cpu.max", "600000 100000\n"},
                      {point_2 + "/pod/cpu.max", "200000 100000\n"},
                      {"/o/cpu.max", "100000 100000\n"}},
            sixteen,
            2,
            "cgroup quota",
            "/sys/fs/cgroup/pod/cpu.max",
            {},
            3},
        machine_case{
            "a_mount_that_hides_another",
            process("0::/job\n", mount_2("/", point_2) + mount_2("/job", point_2)) +
                files{{point_2 + "/cpu.max", "300000 100000\n"}, {point_2 + "/job/cpu.max", "100000 100000\n"}},
            sixteen,
            3,
            "cgroup quota",
            "/sys/fs/cgroup/cpu.max",
            {},
            2},
        machine_case{"a_mount_without_a_device_and_without_optional_fields",
                     process("0::/job\n", "30 24 0:26 / /sys/fs/cgroup rw - cgroup2  rw\n") +
                         files{{point_2 + "/job/cpu.max", "200000 100000\n"}},
                     sixteen, 2, "cgroup quota", "/sys/fs/cgroup/job/cpu.max"}),
    name_of);

std::string many_mounts() {
  std::string lines;
  for (int i = 0; i < 30000; ++i) {
    lines += "900 22 0:99 / /var/lib/containers/" + std::to_string(i) + "/merged rw shared:7 - overlay overlay rw\n";
  }
  return lines;
}

INSTANTIATE_TEST_SUITE_P(
    odd_files, cgroup_quotas,
    ::testing::Values(
        machine_case{"no_files", {}, sixteen, 16, "affinity mask", "0-15", {}, 1},
        machine_case{"no_mountinfo",
                     {{"/proc/self/cgroup", "0::/job\n"}, {point_2 + "/job/cpu.max", "200000 100000\n"}},
                     sixteen,
                     16,
                     "affinity mask",
                     "0-15"},
        machine_case{"no_cgroup",
                     {{"/proc/self/mountinfo", mount_2("/", point_2)}, {point_2 + "/cpu.max", "200000 100000\n"}},
                     sixteen,
                     16,
                     "affinity mask",
                     "0-15"},
        machine_case{"empty_files", process("", "") + files{{point_2 + "/cpu.max", "200000 100000\n"}}, sixteen, 16,
                     "affinity mask", "0-15"},
        machine_case{"cgroup_is_nonsense",
                     process("what?\n:::\n4\n4:cpu\n\n", mount_1("cpu", "/", point_1)) + quota_1(point_1, "200000"),
                     sixteen, 16, "affinity mask", "0-15"},
        machine_case{"mountinfo_ends_in_the_line_that_counts",
                     process("0::/job\n", "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgro") +
                         files{{point_2 + "/job/cpu.max", "200000 100000\n"}},
                     sixteen, 16, "affinity mask", "0-15"},
        machine_case{"mountinfo_ends_before_the_kind",
                     process("0::/job\n", "30 24 0:26 / /sys/fs/cgroup rw -") +
                         files{{point_2 + "/job/cpu.max", "200000 100000\n"}},
                     sixteen, 16, "affinity mask", "0-15"},
        machine_case{"mountinfo_ends_after_the_line_that_counts",
                     process("0::/job\n", mount_2("/", point_2) + "31 24 0:2") +
                         files{{point_2 + "/job/cpu.max", "200000 100000\n"}},
                     sixteen, 2, "cgroup quota", "/sys/fs/cgroup/job/cpu.max"},
        machine_case{"mountinfo_is_huge",
                     process("0::/job\n", many_mounts() + mount_2("/", point_2)) +
                         files{{point_2 + "/job/cpu.max", "200000 100000\n"}},
                     sixteen, 2, "cgroup quota", "/sys/fs/cgroup/job/cpu.max"},
        machine_case{"quota_is_huge",
                     process("0::/job\n", mount_2("/", point_2)) +
                         files{{point_2 + "/job/cpu.max", "200000 100000" + std::string(std::size_t{4} << 20, ' ')}},
                     sixteen, 16, "affinity mask", "0-15"},
        machine_case{"quota_has_bytes_of_all_kinds",
                     process("0::/job\n", mount_2("/", point_2)) +
                         files{{point_2 + "/job/cpu.max", std::string("2\0000 \xff\xfe", 7)}},
                     sixteen, 16, "affinity mask", "0-15"},
        machine_case{"quota_is_a_folder",
                     process("0::/job\n", mount_2("/", point_2)) +
                         files{{point_2 + "/job/cpu.max/", ""}, {point_2 + "/cpu.max", "300000 100000\n"}},
                     sixteen, 3, "cgroup quota", "/sys/fs/cgroup/cpu.max"},
        machine_case{
            "period_is_missing",
            process("3:cpu:/\n", mount_1("cpu", "/", point_1)) + files{{point_1 + "/cpu.cfs_quota_us", "200000\n"}},
            sixteen, 16, "affinity mask", "0-15"},
        machine_case{
            "cgroup_was_removed",
            process("0::/a/b (deleted)\n", mount_2("/", point_2)) + files{{point_2 + "/a/cpu.max", "300000 100000\n"}},
            sixteen, 3, "cgroup quota", "/sys/fs/cgroup/a/cpu.max"},
        machine_case{"path_of_a_hundred_names",
                     process(
                         "0::" +
                             [] {
                               std::string path;
                               for (int i = 0; i < 100; ++i) path += "/n" + std::to_string(i);
                               return path;
                             }() +
                             "\n",
                         mount_2("/", point_2)) +
                         files{{point_2 + "/n0/n1/n2/cpu.max", "300000 100000\n"}},
                     sixteen, 3, "cgroup quota", "/sys/fs/cgroup/n0/n1/n2/cpu.max"}),
    name_of);

class cpusets : public ::testing::TestWithParam<machine_case> {};
TEST_P(cpusets, are_found) { expect_found(GetParam()); }

INSTANTIATE_TEST_SUITE_P(lists, cpusets,
                         ::testing::Values(with_cpuset("smaller_than_the_mask", "0-3\n", sixteen, 4, true),
                                           with_cpuset("of_single_processors", "1,3,5-6\n", sixteen, 4, true),
                                           with_cpuset("larger_than_the_mask", "0-31\n", sixteen, 16, false),
                                           with_cpuset("that_overlaps_the_mask", "2-5\n", range(4, 9), 2, true),
                                           with_cpuset("beside_the_mask", "20-23\n", sixteen, 16, false),
                                           with_cpuset("empty", "\n", sixteen, 16, false),
                                           with_cpuset("without_a_line", "", sixteen, 16, false),
                                           with_cpuset("backwards", "3-0\n", sixteen, 16, false),
                                           with_cpuset("open", "0-\n", sixteen, 16, false),
                                           with_cpuset("ending_in_a_comma", "0-3,\n", sixteen, 16, false),
                                           with_cpuset("beginning_with_a_comma", ",0-3\n", sixteen, 16, false),
                                           with_cpuset("of_words", "all\n", sixteen, 16, false),
                                           with_cpuset("negative", "-1\n", sixteen, 16, false),
                                           with_cpuset("beyond_all_processors", "0-99999999\n", sixteen, 16, false),
                                           with_cpuset("with_a_space", "0 1\n", sixteen, 16, false),
                                           with_cpuset("said_twice", "0-3,2-4\n", sixteen, 5, true),
                                           with_cpuset("of_far_processors", "100,65535\n", {1, 65535}, 1, true)),
                         name_of);

INSTANTIATE_TEST_SUITE_P(
    hierarchies, cpusets,
    ::testing::Values(
        machine_case{"version_1",
                     process("7:cpuset:/job\n", mount_1("cpuset", "/", "/dev/cpuset")) +
                         files{{"/dev/cpuset/job/cpuset.cpus", "0-3\n"}},
                     sixteen, 4, "cpuset", "/dev/cpuset/job/cpuset.cpus: 0-3"},
        machine_case{
            "version_1_effective",
            process("7:cpuset:/job\n", mount_1("cpuset", "/", "/dev/cpuset")) +
                files{{"/dev/cpuset/job/cpuset.cpus", "0-7\n"}, {"/dev/cpuset/job/cpuset.effective_cpus", "0-3\n"}},
            sixteen,
            4,
            "cpuset",
            "/dev/cpuset/job/cpuset.effective_cpus: 0-3",
            {},
            2},
        machine_case{"version_1_empty_so_that_the_one_around_counts",
                     process("7:cpuset:/job\n", mount_1("cpuset", "/", "/dev/cpuset")) +
                         files{{"/dev/cpuset/job/cpuset.cpus", "\n"}, {"/dev/cpuset/cpuset.cpus", "0-4\n"}},
                     sixteen, 5, "cpuset", "/dev/cpuset/cpuset.cpus: 0-4"},
        machine_case{"version_1_in_docker",
                     process("7:cpuset:/docker/abc\n", mount_1("cpuset", "/docker/abc", "/sys/fs/cgroup/cpuset")) +
                         files{{"/sys/fs/cgroup/cpuset/cpuset.cpus", "8-10\n"}},
                     sixteen, 3, "cpuset", "/sys/fs/cgroup/cpuset/cpuset.cpus: 8-10"},
        machine_case{
            "version_2_leaf_without_controller",
            process("0::/a/b\n", mount_2("/", point_2)) +
                files{{point_2 + "/a/cpuset.cpus.effective", "0-2\n"}, {point_2 + "/cpuset.cpus.effective", "0-15\n"}},
            sixteen,
            3,
            "cpuset",
            "/sys/fs/cgroup/a/cpuset.cpus.effective",
            {},
            2},
        machine_case{"version_2_wish_is_not_what_counts",
                     process("0::/a\n", mount_2("/", point_2)) + files{{point_2 + "/a/cpuset.cpus", "0-2\n"}}, sixteen,
                     16, "affinity mask", "0-15"},
        machine_case{"both_versions",
                     process("7:cpuset:/job\n0::/job\n", mount_1("cpuset", "/", "/c1") + mount_2("/", "/c2")) +
                         files{{"/c1/job/cpuset.cpus", "0-5\n"}, {"/c2/job/cpuset.cpus.effective", "0-7\n"}},
                     sixteen,
                     6,
                     "cpuset",
                     "/c1/job/cpuset.cpus: 0-5",
                     {},
                     3}),
    name_of);

}  // namespace
