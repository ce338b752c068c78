#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tandem/tandem.h>

#include "support/elements.h"

// The environment as a layer: processes of their own, which have just the variables that a test gives them.
namespace tandem::testing {
namespace {

using variables = std::vector<std::pair<std::string, std::string>>;

// The lines that the program `report` prints.
std::vector<std::string> report(const variables& given, const std::string& layer = "") {
  std::vector<std::string> settings;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view text = *each;
    if (!text.starts_with("TANDEM_") && !text.starts_with("OMP_")) settings.emplace_back(text);
  }
  for (const auto& [name, value] : given) settings.push_back(name + "=" + value);
  std::vector<char*> environment;
  for (std::string& each : settings) environment.push_back(each.data());
  environment.push_back(nullptr);
  std::string program = TANDEM_POLICY_REPORT;
  std::string argument = layer;
  std::array<char*, 3> argv = {program.data(), layer.empty() ? nullptr : argument.data(), nullptr};

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    ADD_FAILURE() << "no pipe";
    return {};
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t child = -1;
  EXPECT_EQ(posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environment.data()), 0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::vector<std::string> lines(1);
  char buffer[4096];
  for (ssize_t count; (count = read(ends[0], buffer, sizeof buffer)) > 0;) {
    for (const char c : std::string_view(buffer, static_cast<std::size_t>(count))) {
      if (c == '\n') {
        lines.emplace_back();
      } else {
        lines.back().push_back(c);
      }
    }
  }
  close(ends[0]);
  lines.pop_back();
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return lines;
}

// What a process says where nothing is set, but for the lines of some fields; each is asked for twice.
std::vector<std::string> expected_lines(const variables& changed) {
  variables fields = {{"workers", "-1000 default"},
                      {"device", "automatic default"},
                      {"strictness", "strict default"},
                      {"determinism", "repeatable default"},
                      {"transfers", "implicit default"},
                      {"host_memory_bytes", "9223372036854775807 default"},
                      {"device_memory_bytes", "9223372036854775807 default"},
                      {"fast_math", "off default"},
                      {"pinned", "off default"}};
  for (const auto& [field, line] : changed) {
    for (auto& [name, value] : fields) {
      if (name == field) value = line;
    }
  }
  std::vector<std::string> lines;
  for (int i = 0; i < 2; ++i) {
    for (const auto& [name, value] : fields) lines.push_back(name + " " + value);
  }
  lines.push_back("evaluated 42");
  return lines;
}

TEST(Environment, ThatSaysNothingLeavesTheDefaults) { EXPECT_EQ(report({}), expected_lines({})); }

TEST(Environment, DecidesEachFieldByItsVariable) {
  EXPECT_EQ(report({{"TANDEM_WORKERS", "4"}}), expected_lines({{"workers", "4 environment"}}));
  EXPECT_EQ(report({{"TANDEM_WORKERS", "-1"}}), expected_lines({{"workers", "-1 environment"}}));
  EXPECT_EQ(report({{"TANDEM_WORKERS", "Auto"}}), expected_lines({{"workers", "-1000 environment"}}));
  EXPECT_EQ(report({{"TANDEM_DEVICE", "CPU"}}), expected_lines({{"device", "cpu environment"}}));
  EXPECT_EQ(report({{"TANDEM_STRICTNESS", "preferred"}}), expected_lines({{"strictness", "preferred environment"}}));
  EXPECT_EQ(report({{"TANDEM_DETERMINISM", "relaxed"}}), expected_lines({{"determinism", "relaxed environment"}}));
  EXPECT_EQ(report({{"TANDEM_TRANSFERS", "forbidden"}}), expected_lines({{"transfers", "forbidden environment"}}));
  EXPECT_EQ(report({{"TANDEM_HOST_MEMORY", "16GiB"}}),
            expected_lines({{"host_memory_bytes", "17179869184 environment"}}));
  EXPECT_EQ(report({{"TANDEM_DEVICE_MEMORY", "3kib"}}), expected_lines({{"device_memory_bytes", "3072 environment"}}));
  EXPECT_EQ(report({{"TANDEM_FAST_MATH", "on"}}), expected_lines({{"fast_math", "on environment"}}));
  EXPECT_EQ(report({{"TANDEM_PINNED", "on"}}), expected_lines({{"pinned", "on environment"}}));
}

TEST(Environment, HasOpenMPsNumberOfThreadsLast) {
  EXPECT_EQ(report({{"OMP_NUM_THREADS", "3"}}), expected_lines({{"workers", "3 OMP_NUM_THREADS"}}));
  EXPECT_EQ(report({{"OMP_NUM_THREADS", "3,2"}}), expected_lines({{"workers", "3 OMP_NUM_THREADS"}}));
  EXPECT_EQ(report({{"OMP_NUM_THREADS", "3"}, {"TANDEM_WORKERS", "5"}}),
            expected_lines({{"workers", "5 environment"}}));
  EXPECT_EQ(report({{"OMP_NUM_THREADS", "3"}, {"TANDEM_WORKERS", ""}}),
            expected_lines({{"workers", "3 OMP_NUM_THREADS"}}));
  EXPECT_EQ(report({{"OMP_NUM_THREADS", "0"}}), expected_lines({})) << "no number of workers: ignored";
}

TEST(Environment, IsBelowTheOtherLayers) {
  const variables environment = {{"TANDEM_WORKERS", "4"},          {"TANDEM_DEVICE", "auto"},
                                 {"TANDEM_STRICTNESS", "strict"},  {"TANDEM_DETERMINISM", "repeatable"},
                                 {"TANDEM_TRANSFERS", "implicit"}, {"TANDEM_HOST_MEMORY", "1GiB"},
                                 {"TANDEM_DEVICE_MEMORY", "1GiB"}, {"TANDEM_FAST_MATH", "off"},
                                 {"TANDEM_PINNED", "off"}};
  for (const auto& [layer, word] :
       variables{{"call", "call"}, {"scope", "scoped_policy"}, {"process", "set_default_policy"}}) {
    EXPECT_EQ(report(environment, layer), expected_lines({{"workers", "11 " + word},
                                                          {"device", "cpu " + word},
                                                          {"strictness", "preferred " + word},
                                                          {"determinism", "relaxed " + word},
                                                          {"transfers", "forbidden " + word},
                                                          {"host_memory_bytes", "1111 " + word},
                                                          {"device_memory_bytes", "2222 " + word},
                                                          {"fast_math", "on " + word},
                                                          {"pinned", "on " + word}}));
  }
}

// One bad value each. It is an error wherever it would be needed, by its name, and none where a layer above decides.
TEST(Environment, ThatCannotBeReadIsAnErrorWhereItIsNeeded) {
  const variables bad = {{"TANDEM_WORKERS", "0"},          {"TANDEM_WORKERS", "many"},
                         {"TANDEM_WORKERS", "-1000"},      {"TANDEM_DEVICE", "gpu:-1"},
                         {"TANDEM_STRICTNESS", "lenient"}, {"TANDEM_DETERMINISM", "yes"},
                         {"TANDEM_TRANSFERS", "some"},     {"TANDEM_HOST_MEMORY", "-5"},
                         {"TANDEM_HOST_MEMORY", "16 GiB"}, {"TANDEM_DEVICE_MEMORY", "8388608TiB"},
                         {"TANDEM_FAST_MATH", "perhaps"}};
  for (const auto& [name, value] : bad) {
    SCOPED_TRACE(name + "=" + value);
    // OpenMP's variable does not stand in for a bad one of tandem's.
    const std::vector<std::string> lines = report({{name, value}, {"OMP_NUM_THREADS", "2"}});
    ASSERT_EQ(lines.size(), 3U);
    for (const std::string& line : lines) {
      EXPECT_TRUE(line.starts_with("error ")) << line;
      EXPECT_TRUE(mentions(line, {name.c_str(), ("'" + value + "'").c_str(), "expected"}));
    }
    for (const char* layer : {"call", "scope", "process"}) {
      const std::vector<std::string> decided = report({{name, value}}, layer);
      ASSERT_EQ(decided.size(), 19U) << layer;
      EXPECT_EQ(decided.back(), "evaluated 42") << layer;
    }
  }
}

TEST(Environment, ThatCannotBeReadDoesNotSpoilTheRest) {
  // OMP_NUM_THREADS is ignored, and no error. (Words like "x" are not tried: libomp 19 takes a number of threads from
  // memory that it has not written, and ends the process.)
  const std::vector<std::string> lines =
      report({{"TANDEM_DEVICE", "tpu"}, {"TANDEM_WORKERS", "4"}, {"OMP_NUM_THREADS", "0"}});
  ASSERT_EQ(lines.size(), 3U);
  for (const std::string& line : lines) EXPECT_TRUE(mentions(line, {"TANDEM_DEVICE", "'tpu'"}));
}

}  // namespace
}  // namespace tandem::testing
