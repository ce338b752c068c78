#include "runtime/schedulers.h"

#include <string>
#include <vector>

#include "runtime/cores_fixture.h"

// What batch schedulers say by environment variables.

namespace {

using namespace tandem::testing;
using tandem::runtime::ignored_scheduler_variables;
using tandem::runtime::ignored_variable;

using variables = std::map<std::string, std::string, std::less<>>;

machine_case granted(const std::string& name, const variables& set, int cores, const std::string& source,
                     std::size_t limits = 0) {
  const bool limited = cores < 16;
  return {name, {},    range(0, 15), cores, limited ? "scheduler" : "affinity mask", limited ? source : "0-15",
          set,  limits};
}

class schedulers : public ::testing::TestWithParam<machine_case> {};
TEST_P(schedulers, are_heeded) { expect_found(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    grants, schedulers,
    ::testing::Values(
        granted("none", {}, 16, "", 1), granted("slurm", {{"SLURM_CPUS_PER_TASK", "4"}}, 4, "SLURM_CPUS_PER_TASK=4"),
        granted("grid_engine", {{"NSLOTS", "3"}}, 3, "NSLOTS=3"), granted("pbs", {{"PBS_NP", "5"}}, 5, "PBS_NP=5"),
        granted("pbs_by_ncpus", {{"NCPUS", "6"}}, 6, "NCPUS=6"),
        granted("pbs_np_before_ncpus", {{"PBS_NP", "5"}, {"NCPUS", "2"}}, 5, "PBS_NP=5", 2),
        granted("ncpus_beside_a_wrong_pbs_np", {{"PBS_NP", "five"}, {"NCPUS", "2"}}, 2, "NCPUS=2", 2),
        granted("lsf", {{"LSB_DJOB_NUMPROC", "7"}}, 7, "LSB_DJOB_NUMPROC=7"),
        granted("several", {{"SLURM_CPUS_PER_TASK", "9"}, {"NSLOTS", "3"}, {"LSB_DJOB_NUMPROC", "7"}}, 3, "NSLOTS=3",
                4),
        granted("equal_ones", {{"SLURM_CPUS_PER_TASK", "3"}, {"NSLOTS", "3"}}, 3, "SLURM_CPUS_PER_TASK=3", 3),
        granted("more_than_there_are", {{"NSLOTS", "64"}}, 16, "", 2),
        granted("wrong_beside_right", {{"SLURM_CPUS_PER_TASK", "0"}, {"NSLOTS", "3"}}, 3, "NSLOTS=3", 2),
        granted("zeros_in_front", {{"NSLOTS", "004"}}, 4, "NSLOTS=4"),
        granted("other_variables", {{"SLURM_NTASKS", "2"}, {"OMP_NUM_THREADS", "2"}}, 16, "", 1)),
    name_of);

class wrong_values : public ::testing::TestWithParam<std::string> {};

TEST_P(wrong_values, limit_nothing_and_are_reported) {
  for (const char* const name : {"SLURM_CPUS_PER_TASK", "NSLOTS", "PBS_NP", "NCPUS", "LSB_DJOB_NUMPROC"}) {
    const machine_case set = granted("wrong", {{name, GetParam()}}, 16, "", 1);
    expect_found(set);
    const written_machine machine(set);
    const std::vector<ignored_variable> ignored = ignored_scheduler_variables(machine.view);
    ASSERT_EQ(ignored.size(), 1) << name;
    EXPECT_EQ(ignored[0].name, name);
    EXPECT_EQ(ignored[0].value, GetParam());
    EXPECT_EQ(ignored[0].reason, "expected a whole number from 1 to 2147483647");
  }
}

INSTANTIATE_TEST_SUITE_P(all, wrong_values,
                         ::testing::Values("", " ", "abc", "-2", "0", "000", "4.5", "99999999999999999999",
                                           "2147483648", "4(x2)", "4 ", " 4", "+4", "0x4", "4,4", "1e1", "\n"));

TEST(ignored_variables, are_those_that_do_not_count) {
  const auto names_of_ignored = [](const variables& set) {
    const written_machine machine(granted("any", set, 16, ""));
    std::vector<std::string> names;
    for (const ignored_variable& each : ignored_scheduler_variables(machine.view)) names.push_back(each.name);
    return names;
  };
  using list = std::vector<std::string>;
  EXPECT_EQ(names_of_ignored({}), list());
  EXPECT_EQ(names_of_ignored({{"NSLOTS", "4"}, {"PBS_NP", "4"}}), list());
  EXPECT_EQ(names_of_ignored({{"NSLOTS", "x"}, {"SLURM_CPUS_PER_TASK", "y"}, {"LSB_DJOB_NUMPROC", "4"}}),
            list({"SLURM_CPUS_PER_TASK", "NSLOTS"}));
  // Nobody asks NCPUS where PBS_NP has said it.
  EXPECT_EQ(names_of_ignored({{"PBS_NP", "4"}, {"NCPUS", "x"}}), list());
  EXPECT_EQ(names_of_ignored({{"PBS_NP", "x"}, {"NCPUS", "y"}}), list({"PBS_NP", "NCPUS"}));
}

}  // namespace
