#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tandem/decisions.h>

#include "planning/candidates.h"
#include "support/elements.h"
#include "support/temporary_folder.h"
#include "support/text_file.h"

// What the planner reads from the environment: processes of their own, which have just the variables that a test gives
// them.
namespace tandem::testing {
namespace {

using variables = std::vector<std::pair<std::string, std::string>>;
using lines = std::vector<std::string>;

// The lines that the program `report` prints.
lines report(const variables& given, std::string argument = "") {
  std::vector<std::string> settings;
  for (char** each = environ; *each != nullptr; ++each) {
    if (!std::string_view(*each).starts_with("TANDEM_")) settings.emplace_back(*each);
  }
  for (const auto& [name, value] : given) settings.push_back(name + "=" + value);
  std::vector<char*> environment;
  for (std::string& each : settings) environment.push_back(each.data());
  environment.push_back(nullptr);
  std::string program = TANDEM_PLANNING_REPORT;
  std::array<char*, 3> argv = {program.data(), argument.empty() ? nullptr : argument.data(), nullptr};

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
  std::string text;
  char buffer[4096];
  for (ssize_t count; (count = read(ends[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  close(ends[0]);
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  lines found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    found.push_back(text.substr(0, end));
    text.erase(0, end + 1);
  }
  return found;
}

bool has(const lines& all, const std::string& line) { return std::ranges::find(all, line) != all.end(); }

lines problems_of(const lines& all) {
  lines found;
  for (const std::string& each : all) {
    if (each.starts_with("problem ")) found.push_back(each);
  }
  return found;
}

constexpr std::pair<const char*, const char*> no_profile{"TANDEM_PROFILE", ""};

TEST(CandidatesVariable, NamesTheDevicesToChooseAmong) {
  const lines found = report({no_profile, {"TANDEM_CANDIDATES", "sim:gen3-card,sim:h200:7"}});
  EXPECT_TRUE(has(found, "places cpu sim:gen3-card sim:h200:7")) << ::testing::PrintToString(found);
  EXPECT_TRUE(has(found, "small cpu 3")) << ::testing::PrintToString(found);
  EXPECT_TRUE(has(found, "large sim:h200:7 1500")) << ::testing::PrintToString(found);
}

TEST(CandidatesVariable, NoMoreDevicesThanThePlannerKnowsAndThenNone) {
  const lines found = report({no_profile}, "crowd");
  ASSERT_EQ(found.size(), 4U);
  EXPECT_NE(found[0].find("given 9, of which 9 are new here"), std::string::npos) << found[0];
  EXPECT_NE(found[0].find("8 devices at most, and this one's has met 0"), std::string::npos) << found[0];
  EXPECT_EQ(found[1], "eight");
  EXPECT_NE(found[2].find("given 4, of which 1 are new here"), std::string::npos) << found[2];
  EXPECT_EQ(found[3], "three");
}

TEST(CandidatesVariable, NoneIsTheCpu) {
  const lines found = report({no_profile, {"TANDEM_CANDIDATES", "none"}});
  EXPECT_TRUE(has(found, "places cpu"));
  EXPECT_TRUE(has(found, "large cpu 1500"));
}

TEST(DeviceVariable, ForcesThePlaceAlsoWhereThereIsNoOther) {
  const std::pair<const char*, const char*> none{"TANDEM_CANDIDATES", "none"};
  const std::pair<const char*, const char*> some{"TANDEM_CANDIDATES", "sim:h200"};
  const std::pair<const char*, const char*> on_cpu{"TANDEM_DEVICE", "cpu"};
  EXPECT_EQ(report({no_profile, none}, "cause"), lines{"cause only-place"});
  EXPECT_EQ(report({no_profile, none, on_cpu}, "cause"), lines{"cause forced"});
  EXPECT_EQ(report({no_profile, some}, "cause"), lines{"cause launch-bound"});
  EXPECT_EQ(report({no_profile, some, on_cpu}, "cause"), lines{"cause forced"});
}

TEST(CandidatesVariable, SimulatedDevicesAreNoCandidatesUnlessTheyAreNamed) {
  const lines found = report({no_profile});
  ASSERT_FALSE(found.empty());
  EXPECT_TRUE(found[0].starts_with("places cpu")) << found[0];
  EXPECT_EQ(found[0].find("sim:"), std::string::npos) << found[0];
}

TEST(CandidatesVariable, WrongValuesAreErrorsOfEachEvaluationThatWouldNeedThem) {
  for (const auto& [value, part] : variables{{"sim:no-such-machine", "no-such-machine"},
                                             {"gpu:97", "gpu:97"},
                                             {"cpu", "cpu"},
                                             {"auto", "auto"},
                                             {"h200", "h200"},
                                             {"sim:h200,,sim:coupled", "''"},
                                             {",", "''"},
                                             {" ", "' '"}}) {
    const lines found = report({no_profile, {"TANDEM_CANDIDATES", value}});
    ASSERT_EQ(found.size(), 4U) << value << ::testing::PrintToString(found);
    for (int i = 0; i < 3; ++i) {
      const std::string& line = found[static_cast<std::size_t>(i)];
      EXPECT_TRUE(line.starts_with("error TANDEM_CANDIDATES=" + value + ": ")) << line;
      EXPECT_NE(line.find(part, 26 + value.size()), std::string::npos) << line;
    }
  }
}

TEST(CandidatesVariable, APolicyThatDemandsADeviceDoesNotNeedIt) {
  const lines found =
      report({no_profile, {"TANDEM_CANDIDATES", "sim:no-such-machine"}, {"TANDEM_DEVICE", "sim:h200:7"}});
  EXPECT_TRUE(has(found, "large sim:h200:7 1500")) << ::testing::PrintToString(found);
}

// ---- the profile's file

class ProfileFile : public ::testing::Test {
 protected:
  // Measured once for all tests of this kind.
  static void SetUpTestSuite() {
    folder.emplace();
    const profile_report made = calibrate(
        {.quick = true, .devices = std::vector<device>{device::simulated("h200:7")}, .file = at("good.json")});
    ASSERT_TRUE(made.is_calibrated);
    ASSERT_TRUE(made.problems.empty());
    good = read_text(at("good.json"));
    ASSERT_GT(good.size(), 1000U);
  }
  static void TearDownTestSuite() { folder.reset(); }

  static std::string at(const std::string& name) { return *folder / name; }

  static lines report_of_file(const std::string& path) {
    return report({{"TANDEM_PROFILE", path}, {"TANDEM_CANDIDATES", "sim:h200:7"}});
  }
  // Of a process whose profile is the good one with `from` replaced by `to`.
  static lines report_with(const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t found = text.find(from);
    EXPECT_NE(found, std::string::npos) << from;
    if (found != std::string::npos) text.replace(found, from.size(), to);
    return report_of_text(text);
  }
  static lines report_of_text(const std::string& text) {
    write_text(at("changed.json"), text);
    return report_of_file(at("changed.json"));
  }
  // Evaluations work, and the report names the file and something of what is wrong with it.
  static void expect_refused(const lines& found, const std::string& file, const std::string& part) {
    EXPECT_TRUE(has(found, "places cpu sim:h200:7")) << ::testing::PrintToString(found);
    EXPECT_TRUE(has(found, "small cpu 3")) << ::testing::PrintToString(found);
    EXPECT_TRUE(has(found, "large sim:h200:7 1500")) << ::testing::PrintToString(found);
    const lines problems = problems_of(found);
    ASSERT_FALSE(problems.empty()) << part;
    EXPECT_TRUE(std::ranges::any_of(problems,
                                    [&](const std::string& each) {
                                      return each.find(file) != std::string::npos &&
                                             each.find(part) != std::string::npos;
                                    }))
        << part << ::testing::PrintToString(problems);
  }

  static inline std::optional<temporary_folder> folder;
  static inline std::string good;
};

TEST_F(ProfileFile, OfThisMachineServes) {
  const lines found = report_of_file(at("good.json"));
  EXPECT_TRUE(has(found, "calibrated yes")) << ::testing::PrintToString(found);
  EXPECT_TRUE(problems_of(found).empty()) << ::testing::PrintToString(found);
  EXPECT_TRUE(has(found, "small cpu 3")) << ::testing::PrintToString(found);
  EXPECT_TRUE(has(found, "large sim:h200:7 1500")) << ::testing::PrintToString(found);
}

TEST_F(ProfileFile, NoneIsNoProblem) {
  EXPECT_TRUE(problems_of(report_of_file("")).empty());
  const lines found = report({{"TANDEM_CACHE", at("no-cache")}, {"TANDEM_CANDIDATES", "none"}});
  EXPECT_TRUE(problems_of(found).empty()) << ::testing::PrintToString(found);
  EXPECT_TRUE(has(found, "calibrated no"));
  EXPECT_FALSE(std::filesystem::exists(at("no-cache"))) << "reading makes nothing";
}

TEST_F(ProfileFile, OfTheCacheFolder) {
  std::filesystem::create_directory(at("cache"));
  std::filesystem::copy_file(at("good.json"), at("cache/profile.json"));
  EXPECT_TRUE(has(report({{"TANDEM_CACHE", at("cache")}, {"TANDEM_CANDIDATES", "none"}}), "calibrated yes"));
  write_text(at("cache/profile.json"), "{");
  expect_refused(report({{"TANDEM_CACHE", at("cache")}, {"TANDEM_CANDIDATES", "sim:h200:7"}}), at("cache/profile.json"),
                 "");
}

TEST_F(ProfileFile, ThatIsNamedAndNotThere) {
  expect_refused(report_of_file(at("missing.json")), at("missing.json"), "No such file");
}

TEST_F(ProfileFile, ThatIsNoFile) {
  expect_refused(report_of_file(folder->path()), folder->path(), "no file");
  ASSERT_EQ(mkfifo(at("pipe").c_str(), 0600), 0);
  expect_refused(report_of_file(at("pipe")), at("pipe"), "no file");
  std::filesystem::create_symlink(at("loop"), at("loop"));
  expect_refused(report_of_file(at("loop")), at("loop"), "cannot be read");
}

TEST_F(ProfileFile, ThatIsTruncated) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, good.size() / 4, good.size() / 2, good.size() - 3}) {
    const lines found = report_of_text(good.substr(0, size));
    expect_refused(found, at("changed.json"), "");
    EXPECT_TRUE(has(found, "calibrated no")) << size;
  }
}

TEST_F(ProfileFile, ThatIsNoProfile) {
  for (const std::string text : {"null", "[]", "7", "{}", "\"profile\"", "{\"a\": }", "\xff\xfe\x00\x01",
                                 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}) {
    expect_refused(report_of_text(text), at("changed.json"), "");
  }
  expect_refused(report_of_text(std::string(70'000, ' ') + good), at("changed.json"), "65536");
}

TEST_F(ProfileFile, OfAnotherMachine) {
  const std::string processor = machine_info().processor;
  expect_refused(report_with("\"" + processor + "\"", "\"Another 9000\""), at("changed.json"), "Another 9000");
}

TEST_F(ProfileFile, WithImpossibleConstants) {
  const std::size_t field = good.find("\"call_us\"");
  ASSERT_NE(field, std::string::npos);
  const std::size_t begin = good.find_first_of("-0123456789", good.find("\"value\"", field));
  const std::size_t end = good.find_first_not_of("-+.eE0123456789", begin);
  for (const std::string value : {"-1", "0", "NaN", "1e999", "null", "\"fast\"", "[]"}) {
    const std::string text = good.substr(0, begin) + value + good.substr(end);
    const lines found = report_of_text(text);
    expect_refused(found, at("changed.json"), value == "NaN" || value == "1e999" ? "" : "call_us");
    EXPECT_TRUE(has(found, "calibrated no")) << value;
  }
}

TEST_F(ProfileFile, OfANewerVersion) {
  const std::size_t field = good.find("\"version\"");
  ASSERT_NE(field, std::string::npos);
  const std::size_t begin = good.find_first_of("0123456789", field);
  expect_refused(report_of_text(good.substr(0, begin) + "999" + good.substr(begin + 1)), at("changed.json"), "999");
}

// ---- decision logs

TEST(WatchingVariables, WrongValuesAreErrorsOfEachEvaluation) {
  for (const auto& [given, part] : std::vector<std::pair<variables, std::string>>{
           {{{"TANDEM_WHATIF", "sim:no-such-machine"}}, "TANDEM_WHATIF=sim:no-such-machine: "},
           {{{"TANDEM_WHATIF", "cpu"}}, "TANDEM_WHATIF=cpu: "},
           {{{"TANDEM_WHATIF", "sim:h200"}, {"TANDEM_WHATIF_OUTPUT", "report.pdf"}}, "'report.pdf' ends in neither"},
           {{{"TANDEM_WHATIF", "sim:h200"}, {"TANDEM_WHATIF_OUTPUT", "/no/such/folder/report.txt"}},
            "cannot write '/no/such/folder/report.txt'"},
           {{{"TANDEM_DECISIONS", "/no/such/folder/log"}}, "cannot open '/no/such/folder/log'"}}) {
    variables all = given;
    all.push_back(no_profile);
    const lines found = report(all);
    ASSERT_EQ(found.size(), 4U) << ::testing::PrintToString(found);
    for (int i = 0; i < 3; ++i) {
      const std::string& line = found[static_cast<std::size_t>(i)];
      EXPECT_TRUE(line.starts_with("error ")) << line;
      EXPECT_NE(line.find(part), std::string::npos) << line;
    }
  }
}

TEST(WatchingVariables, TheReportGoesWhereTheProcessBegan) {
  const std::string here = std::filesystem::current_path().string();
  std::string folder = (std::filesystem::temp_directory_path() / "tandem_whatif_XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::filesystem::current_path(folder);
  const lines found =
      report({no_profile, {"TANDEM_WHATIF", "sim:h200"}, {"TANDEM_WHATIF_OUTPUT", "there.txt"}}, "leave");
  std::filesystem::current_path(here);
  EXPECT_EQ(found, lines{"left"});
  EXPECT_TRUE(std::filesystem::exists(folder + "/there.txt"));
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

TEST(DecisionsVariable, WritesALogThatReplays) {
  std::string folder = (std::filesystem::temp_directory_path() / "tandem_decisions_XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string log = folder + "/log.jsonl";
  for (const auto& [name, value] : {std::pair{"TANDEM_DEVICE", "sim:h200"}, std::pair{"TANDEM_DEVICE", "cpu"},
                                    std::pair{"TANDEM_CANDIDATES", "sim:h200,sim:coupled"}}) {
    const lines found =
        report({no_profile, {"TANDEM_LEARNING", "on"}, {"TANDEM_DECISIONS", log}, {name, value}}, "assign");
    ASSERT_EQ(found.size(), 1U) << ::testing::PrintToString(found);
    EXPECT_TRUE(found.front().starts_with("sum ")) << found.front();
    const replay_result again = replay(log);
    EXPECT_TRUE(again.is_from_start);
    EXPECT_GT(again.decisions, 40);
    EXPECT_EQ(again.different, 0) << name << "=" << value << ": " << to_string(again);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

// ---- what is learned

class Learning : public ::testing::Test {
 protected:
  std::string file() const { return folder_ / "learned.json"; }
  lines learn(const std::string& how, const std::string& argument = "learn") const {
    return report({{"TANDEM_CACHE", folder_.path()}, {"TANDEM_CANDIDATES", "none"}, {"TANDEM_LEARNING", how}},
                  argument);
  }
  std::string text() const { return read_text(file()); }
  // What follows a word at the beginning of a line; "" if no line has it.
  static std::string after(const lines& all, const std::string& word) {
    for (const std::string& each : all) {
      if (each.starts_with(word + " ")) return each.substr(word.size() + 1);
    }
    return "";
  }

  temporary_folder folder_;
};

TEST_F(Learning, IsOnAndEndsWithTheProcess) {
  const lines found = learn("on");
  EXPECT_EQ(after(found, "factor-before"), "") << ::testing::PrintToString(found);
  EXPECT_NE(after(found, "factor-after"), "") << ::testing::PrintToString(found);
  EXPECT_NE(after(found, "before"), after(found, "after"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(Learning, OffChangesNoPrediction) {
  const lines found = learn("off");
  EXPECT_NE(after(found, "before"), "") << ::testing::PrintToString(found);
  EXPECT_EQ(after(found, "before"), after(found, "after"));
  EXPECT_EQ(after(found, "factor-after"), "");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(Learning, WhatIsSavedTheNextProcessBeginsWith) {
  const lines first = learn("save");
  EXPECT_TRUE(problems_of(first).empty()) << ::testing::PrintToString(first);
  ASSERT_TRUE(std::filesystem::exists(file()));
  EXPECT_EQ(std::filesystem::status(file()).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const std::string saved = text();
  const lines second = learn("on");
  EXPECT_TRUE(problems_of(second).empty()) << ::testing::PrintToString(second);
  EXPECT_EQ(after(second, "factor-before"), after(first, "factor-after")) << ::testing::PrintToString(second);
  EXPECT_NE(after(second, "factor-before"), "");
  EXPECT_EQ(text(), saved) << "only a process that is told to writes";
  EXPECT_EQ(after(learn("off"), "factor-before"), "");
  EXPECT_EQ(text(), saved);
}

TEST_F(Learning, AForkedChildSavesNothing) {
  const lines found = learn("save", "forked");
  EXPECT_NE(after(found, "factor-after"), "") << ::testing::PrintToString(found);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(Learning, AFileThatIsDamagedOrOfSomethingElseIsReportedAndNotUsed) {
  learn("save");
  const std::string good = text();
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string made = good;
    const std::size_t at = made.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? made : made.replace(at, from.size(), to);
  };
  const std::string processor = machine_info().processor;
  for (const auto& [damaged, part] : variables{{"{", "no JSON"},
                                               {good.substr(0, good.size() / 2), "no JSON"},
                                               {std::string(70'000, ' ') + good, "65536"},
                                               {changed("\"version\":1", "\"version\":9"), "version: 9"},
                                               {changed("\"factor\":", "\"factor\":-"), "factor: -"},
                                               {changed("\"factor\":", "\"factor\":1000"), "not between"},
                                               {changed("\"" + processor + "\"", "\"Another 9000\""), "Another 9000"},
                                               {changed("\"constants\":\"", "\"constants\":\"0"), "constants"}}) {
    write_text(file(), damaged);
    const lines found = learn("on");
    EXPECT_EQ(after(found, "factor-before"), "") << part;
    EXPECT_NE(after(found, "factor-after"), "") << part;
    const lines problems = problems_of(found);
    ASSERT_FALSE(problems.empty()) << part;
    EXPECT_NE(problems[0].find(file()), std::string::npos) << problems[0];
    EXPECT_NE(problems[0].find(part), std::string::npos) << problems[0];
    EXPECT_TRUE(problems_of(learn("off")).empty()) << "nobody reads it";
  }
}

TEST_F(Learning, AWrongValueIsAnErrorOfEachEvaluation) {
  const lines found = learn("never");
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0], "error TANDEM_LEARNING is 'never'; expected on, off or save");
  EXPECT_EQ(problems_of(found).size(), 1U) << "the report says so, too";
}

}  // namespace
}  // namespace tandem::testing
