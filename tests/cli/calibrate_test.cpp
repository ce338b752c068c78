#include <sys/stat.h>

#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/python.h"

// tandem calibrate, as its users run it. That it measures well is not to be seen from here: machines differ.

namespace {

// Nothing of the user's is read or written.
class own_cache {
 public:
  std::string operator/(const std::string& name) const { return folder_ / name; }
  std::string profile() const { return folder_ / "cache/profile.json"; }

 private:
  temporary_folder folder_;
  with_variable cache_{"TANDEM_CACHE", folder_ / "cache"};
  with_variable no_profile_{"TANDEM_PROFILE", std::nullopt};
};

bool has_line(const std::string& text, const std::string& begin) {
  return ("\n" + text).find("\n" + begin) != std::string::npos;
}

}  // namespace

TEST(calibrate, writes_what_it_measured_where_it_is_read) {
  const own_cache here;
  const outcome before = run({"calibrate", "--show"});
  EXPECT_EQ(before.status, 0) << before.err;
  EXPECT_EQ(before.err, "");
  EXPECT_TRUE(has_line(before.out, "no profile: shipped constants serve\n")) << before.out;
  EXPECT_TRUE(has_line(before.out, "cpu: prior: ")) << before.out;

  const outcome measured = run({"calibrate", "--quick", "--device", "cpu"});
  ASSERT_EQ(measured.status, 0) << measured.err;
  EXPECT_EQ(measured.err, "");
  EXPECT_TRUE(has_line(measured.out, here.profile() + "\n")) << measured.out;
  EXPECT_TRUE(has_line(measured.out, "measured in ")) << measured.out;
  // The figures are of this machine: nobody else's business.
  struct stat about{};
  ASSERT_EQ(stat(here.profile().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);

  const outcome after = run({"calibrate", "--show"});
  EXPECT_EQ(after.status, 0) << after.err;
  EXPECT_EQ(after.err, "");
  EXPECT_EQ(after.out, measured.out.substr(0, measured.out.rfind("measured in ")));
  EXPECT_EQ(from_json(read_text(here.profile()), "d[\"host\"][\"call_us\"][\"from\"], d[\"devices\"]"),
            "calibrated {}\n");
}

TEST(calibrate, measures_a_simulated_device_by_its_own_clock) {
  const own_cache here;
  const std::string file = here / "some.json";
  const outcome measured = run({"calibrate", "--quick", "--device", "sim:h200", "-o", file});
  ASSERT_EQ(measured.status, 0) << measured.err;
  EXPECT_TRUE(has_line(measured.out, "sim:h200: NVIDIA H200")) << measured.out;
  const std::string text = read_text(file);
  EXPECT_EQ(from_json(text, "\" \".join(d[\"devices\"])"), "sim:h200\n");
  // What no machine of ours has in common with it: memory that moves terabytes, at whatever speed this one runs.
  EXPECT_EQ(from_json(text, "d[\"devices\"][\"sim:h200\"][\"bytes_per_s\"][\"values\"][-1][\"value\"] > 2e12"),
            "True\n");
  EXPECT_EQ(from_json(text, "d[\"devices\"][\"sim:h200\"][\"launch_us\"][\"value\"] > 0.5"), "True\n");

  // The device stays in the file when the host alone is measured again.
  const outcome again = run({"calibrate", "--quick", "--device", "cpu", "--output=" + file});
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(from_json(read_text(file), "\" \".join(d[\"devices\"])"), "sim:h200\n");
}

TEST(calibrate, says_what_is_wrong_with_a_file_and_goes_on_without_it) {
  const own_cache here;
  const std::string file = here / "damaged.json";
  write_text(file, "{\"format\": \"tandem profile\", \"version\": 1");
  const with_variable damaged("TANDEM_PROFILE", file);
  const outcome result = run({"calibrate", "--show"});
  EXPECT_EQ(result.status, 0);
  EXPECT_TRUE(has_line(result.out, "cpu: prior: ")) << result.out;
  EXPECT_TRUE(has_line(result.err, "tandem: warning: " + file + ": it is no JSON: parse error")) << result.err;
  EXPECT_NE(result.err.find("'tandem calibrate' measures this machine\n"), std::string::npos) << result.err;
  EXPECT_EQ(run({"eval", "1 + 1"}).out, "2\n");

  const with_variable absent("TANDEM_PROFILE", here / "missing.json");
  const outcome missing = run({"calibrate", "--show"});
  EXPECT_EQ(missing.status, 0);
  EXPECT_NE(missing.err.find("missing.json: it cannot be read: No such file"), std::string::npos) << missing.err;

  const with_variable no_file("TANDEM_PROFILE", "");
  const outcome none = run({"calibrate", "--show"});
  EXPECT_EQ(none.status, 0);
  EXPECT_EQ(none.err, "");
  EXPECT_TRUE(has_line(none.out, "no profile: shipped constants serve\n")) << none.out;
  // There is no place to write to then.
  const outcome nowhere = run({"calibrate", "--quick"});
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_TRUE(has_line(nowhere.err, "tandem: calibrate: there is no file to write")) << nowhere.err;
}

TEST(calibrate, fails_before_it_measures_where_it_cannot_do_what_is_asked) {
  const own_cache here;
  const outcome device = run({"calibrate", "--device", "sim:nothing"});
  EXPECT_EQ(device.status, 1);
  EXPECT_NE(device.err.find("there is no profile 'nothing'"), std::string::npos) << device.err;
  const outcome folder = run({"calibrate", "--quick", "--device", "cpu", "-o", here / "none/profile.json"});
  EXPECT_EQ(folder.status, 1);
  EXPECT_NE(folder.err.find("cannot write /"), std::string::npos) << folder.err;
}
