#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/policy.h"
#include "support/elements.h"

// How the variables of the environment are read, without an environment.
namespace tandem::runtime {
namespace {

using tandem::testing::mentions;

environment_policy read(const std::map<std::string, std::string, std::less<>>& variables) {
  return read_environment([&](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

const std::string& error_of(const environment_policy& from, policy_field field) {
  return from.errors[static_cast<std::size_t>(field)];
}

int error_count(const environment_policy& from) {
  int count = 0;
  for (const std::string& each : from.errors) count += each.empty() ? 0 : 1;
  return count;
}

bool is_empty(const policy& rules) {
  return !rules.workers && !rules.device && !rules.strictness && !rules.determinism && !rules.transfers &&
         !rules.host_memory_bytes && !rules.device_memory_bytes && !rules.fast_math && !rules.pinned &&
         rules.progress == nullptr;
}

TEST(ReadEnvironment, FindsNothingWhereNothingIsSet) {
  const environment_policy found = read({});
  EXPECT_TRUE(is_empty(found.rules));
  EXPECT_EQ(error_count(found), 0);
  EXPECT_FALSE(found.workers_are_openmp);
  EXPECT_EQ(found.ignored, "");
}

TEST(ReadEnvironment, TakesAnEmptyVariableAsUnset) {
  std::map<std::string, std::string, std::less<>> variables = {{"OMP_NUM_THREADS", ""}};
  for (int i = 0; i < policy_field_count; ++i) variables[std::string(variable_of(static_cast<policy_field>(i)))] = "";
  const environment_policy found = read(variables);
  EXPECT_TRUE(is_empty(found.rules));
  EXPECT_EQ(error_count(found), 0);
  EXPECT_EQ(found.ignored, "");
}

TEST(ReadEnvironment, AsksForTheDocumentedVariablesOnly) {
  std::vector<std::string> asked;
  static_cast<void>(read_environment([&](std::string_view name) -> std::optional<std::string> {
    asked.emplace_back(name);
    return std::nullopt;
  }));
  const std::vector<std::string> expected = {
      "TANDEM_WORKERS",     "TANDEM_DEVICE",        "TANDEM_STRICTNESS", "TANDEM_DETERMINISM", "TANDEM_TRANSFERS",
      "TANDEM_HOST_MEMORY", "TANDEM_DEVICE_MEMORY", "TANDEM_FAST_MATH",  "TANDEM_PINNED",      "OMP_NUM_THREADS"};
  EXPECT_EQ(asked, expected);
}

TEST(ReadEnvironment, ReadsNumbersOfWorkers) {
  const std::vector<std::pair<const char*, int>> cases = {{"1", 1},
                                                          {"2", 2},
                                                          {"1024", 1024},
                                                          {"007", 7},
                                                          {"-1", -1},
                                                          {"auto", automatic_workers},
                                                          {"AUTO", automatic_workers},
                                                          {"Automatic", automatic_workers}};
  for (const auto& [text, workers] : cases) {
    const environment_policy found = read({{"TANDEM_WORKERS", text}});
    EXPECT_EQ(found.rules.workers, workers) << text;
    EXPECT_EQ(error_count(found), 0) << text;
    EXPECT_FALSE(found.workers_are_openmp);
  }
}

TEST(ReadEnvironment, RefusesOtherWorkersByName) {
  for (const char* text : {"0", "-2", "1025", "-1000", "4294967297", "99999999999999999999", "+4", " 4", "4 ", "4,2",
                           "0x4", "4.0", "4e0", "four", "-", "all", "\xff"}) {
    const environment_policy found = read({{"TANDEM_WORKERS", text}});
    EXPECT_FALSE(found.rules.workers) << text;
    EXPECT_EQ(error_count(found), 1) << text;
    EXPECT_TRUE(mentions(error_of(found, policy_field::workers), {"TANDEM_WORKERS", text, "1024", "-1", "auto"}));
  }
}

TEST(ReadEnvironment, ReadsDevices) {
  const std::vector<std::pair<const char*, device>> cases = {
      {"auto", device::automatic}, {"automatic", device::automatic},
      {"cpu", device::cpu},        {"CPU", device::cpu},
      {"gpu", device::gpu(0)},     {"gpu:0", device::gpu(0)},
      {"GPU:3", device::gpu(3)},   {"gpu:2147483647", device::gpu(2147483647)}};
  for (const auto& [text, expected] : cases) {
    const environment_policy found = read({{"TANDEM_DEVICE", text}});
    ASSERT_TRUE(found.rules.device) << text;
    EXPECT_EQ(*found.rules.device, expected) << text;
    EXPECT_EQ(error_count(found), 0) << text;
  }
  for (const char* text : {"gpu:", "gpu:-1", "gpu:x", "gpu: 1", "gpu:2147483648", "gpu1", "cuda", "0", "cpu "}) {
    const environment_policy found = read({{"TANDEM_DEVICE", text}});
    EXPECT_FALSE(found.rules.device) << text;
    EXPECT_TRUE(
        mentions(error_of(found, policy_field::device), {"TANDEM_DEVICE", text, "auto, cpu, gpu, gpu:N or sim:NAME"}));
  }
}

TEST(ReadEnvironment, ReadsWords) {
  EXPECT_EQ(read({{"TANDEM_STRICTNESS", "strict"}}).rules.strictness, strictness::strict);
  EXPECT_EQ(read({{"TANDEM_STRICTNESS", "Preferred"}}).rules.strictness, strictness::preferred);
  EXPECT_EQ(read({{"TANDEM_DETERMINISM", "relaxed"}}).rules.determinism, determinism::relaxed);
  EXPECT_EQ(read({{"TANDEM_DETERMINISM", "REPEATABLE"}}).rules.determinism, determinism::repeatable);
  EXPECT_EQ(read({{"TANDEM_TRANSFERS", "implicit"}}).rules.transfers, transfers::implicit);
  EXPECT_EQ(read({{"TANDEM_TRANSFERS", "forbidden"}}).rules.transfers, transfers::forbidden);
  EXPECT_EQ(read({{"TANDEM_FAST_MATH", "on"}}).rules.fast_math, true);
  EXPECT_EQ(read({{"TANDEM_FAST_MATH", "1"}}).rules.fast_math, true);
  EXPECT_EQ(read({{"TANDEM_FAST_MATH", "OFF"}}).rules.fast_math, false);
  EXPECT_EQ(read({{"TANDEM_FAST_MATH", "0"}}).rules.fast_math, false);
  EXPECT_EQ(read({{"TANDEM_PINNED", "on"}}).rules.pinned, true);
}

TEST(ReadEnvironment, RefusesOtherWords) {
  const std::vector<std::pair<policy_field, const char*>> cases = {{policy_field::strictness, "preferred"},
                                                                   {policy_field::determinism, "repeatable"},
                                                                   {policy_field::transfers, "forbidden"},
                                                                   {policy_field::fast_math, "off"},
                                                                   {policy_field::pinned, "off"}};
  for (const auto& [field, expected] : cases) {
    const std::string name(variable_of(field));
    for (const char* text : {"yes", "2", "strict,", "-1", "on off"}) {
      const environment_policy found = read({{name, text}});
      EXPECT_TRUE(is_empty(found.rules)) << name << " " << text;
      EXPECT_EQ(error_count(found), 1) << name << " " << text;
      EXPECT_TRUE(mentions(error_of(found, field), {name.c_str(), text, expected}));
    }
  }
}

TEST(ReadEnvironment, ReadsBytesInTheirUnits) {
  constexpr std::int64_t gib = std::int64_t{1} << 30;
  const std::vector<std::pair<const char*, std::int64_t>> cases = {
      {"0", 0},
      {"1", 1},
      {"4096", 4096},
      {"0KiB", 0},
      {"3kib", 3 * 1024},
      {"5MiB", 5 * 1024 * 1024},
      {"16GiB", 16 * gib},
      {"16GIB", 16 * gib},
      {"2TiB", 2048 * gib},
      {"8388607TiB", std::int64_t{8388607} * 1024 * gib},
      {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
      {"unlimited", unlimited},
      {"Unlimited", unlimited}};
  for (const auto& [text, bytes] : cases) {
    const environment_policy found = read({{"TANDEM_HOST_MEMORY", text}});
    EXPECT_EQ(found.rules.host_memory_bytes, bytes) << text;
    EXPECT_FALSE(found.rules.device_memory_bytes);
    const environment_policy other = read({{"TANDEM_DEVICE_MEMORY", text}});
    EXPECT_EQ(other.rules.device_memory_bytes, bytes) << text;
    EXPECT_FALSE(other.rules.host_memory_bytes);
  }
  for (const char* text : {"-1", "KiB", "1.5GiB", "16 GiB", "16GB", "16G", "1KiBKiB", "8388608TiB",
                           "9007199254740992KiB", "9223372036854775808", "1e9", "none", "-1KiB"}) {
    for (const policy_field field : {policy_field::host_memory_bytes, policy_field::device_memory_bytes}) {
      const std::string name(variable_of(field));
      const environment_policy found = read({{name, text}});
      EXPECT_TRUE(is_empty(found.rules)) << name << " " << text;
      EXPECT_TRUE(mentions(error_of(found, field), {name.c_str(), text, "KiB", "unlimited"}));
    }
  }
}

TEST(ReadEnvironment, TakesWorkersOfOpenMPWhereTandemHasNone) {
  const std::vector<std::pair<const char*, int>> cases = {{"1", 1},   {"3", 3},      {"4,2", 4},    {"4,2,1", 4},
                                                          {" 5 ", 5}, {" 6 , 2", 6}, {"1024", 1024}};
  for (const auto& [text, workers] : cases) {
    const environment_policy found = read({{"OMP_NUM_THREADS", text}});
    EXPECT_EQ(found.rules.workers, workers) << text;
    EXPECT_TRUE(found.workers_are_openmp) << text;
    EXPECT_EQ(found.ignored, "");
  }
}

TEST(ReadEnvironment, IgnoresWhatIsNoNumberForOpenMPAndRemembersIt) {
  for (const char* text : {"0", "-1", "1025", "many", ",4", "x,4", "4x", "99999999999", " "}) {
    const environment_policy found = read({{"OMP_NUM_THREADS", text}});
    EXPECT_TRUE(is_empty(found.rules)) << text;
    EXPECT_FALSE(found.workers_are_openmp) << text;
    EXPECT_EQ(found.ignored, text);
    EXPECT_EQ(error_count(found), 0) << text;
  }
}

TEST(ReadEnvironment, HasTandemDecideBeforeOpenMP) {
  const environment_policy found = read({{"TANDEM_WORKERS", "2"}, {"OMP_NUM_THREADS", "5"}});
  EXPECT_EQ(found.rules.workers, 2);
  EXPECT_FALSE(found.workers_are_openmp);
  const environment_policy automatic = read({{"TANDEM_WORKERS", "auto"}, {"OMP_NUM_THREADS", "5"}});
  EXPECT_EQ(automatic.rules.workers, automatic_workers);
  EXPECT_FALSE(automatic.workers_are_openmp);
  // A bad value is not covered up by another variable's.
  const environment_policy bad = read({{"TANDEM_WORKERS", "two"}, {"OMP_NUM_THREADS", "5"}});
  EXPECT_FALSE(bad.rules.workers);
  EXPECT_FALSE(bad.workers_are_openmp);
  EXPECT_NE(error_of(bad, policy_field::workers), "");
  const environment_policy empty = read({{"TANDEM_WORKERS", ""}, {"OMP_NUM_THREADS", "5"}});
  EXPECT_EQ(empty.rules.workers, 5);
  EXPECT_TRUE(empty.workers_are_openmp);
}

TEST(ReadEnvironment, KeepsTheGoodVariablesBesideBadOnes) {
  const environment_policy found = read({{"TANDEM_WORKERS", "3"},
                                         {"TANDEM_DEVICE", "tpu"},
                                         {"TANDEM_STRICTNESS", "preferred"},
                                         {"TANDEM_HOST_MEMORY", "lots"},
                                         {"TANDEM_FAST_MATH", "on"}});
  EXPECT_EQ(found.rules.workers, 3);
  EXPECT_EQ(found.rules.strictness, strictness::preferred);
  EXPECT_EQ(found.rules.fast_math, true);
  EXPECT_FALSE(found.rules.device);
  EXPECT_FALSE(found.rules.host_memory_bytes);
  EXPECT_EQ(error_count(found), 2);
  EXPECT_TRUE(mentions(error_of(found, policy_field::device), {"TANDEM_DEVICE", "tpu"}));
  EXPECT_TRUE(mentions(error_of(found, policy_field::host_memory_bytes), {"TANDEM_HOST_MEMORY", "lots"}));
}

}  // namespace
}  // namespace tandem::runtime
