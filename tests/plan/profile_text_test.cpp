#include "plan/profile_text.h"

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include <tandem/errors.h>

#include "plan/made_up_profile.h"
#include "plan/sane.h"

using namespace tandem::plan;

namespace {

std::string all_of(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& each : problems) text += each + "\n";
  return text;
}

// A text in which `from` stands, with something else there.
std::string with(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.substr(0, at) + to + text.substr(at + from.size());
}

// Beginnings and ends of all values in a text of ours: whatever is not a name, a bracket or between two values.
std::vector<std::pair<std::size_t, std::size_t>> values_in(const std::string& text) {
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      std::size_t end = i + 1;
      while (text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      ++end;
      if (text[end] != ':') found.emplace_back(i, end);
      i = end - 1;
    } else if (std::isdigit(static_cast<unsigned char>(text[i])) != 0) {
      const std::size_t end = text.find_first_of(",]} \n", i);
      found.emplace_back(i, end);
      i = end - 1;
    }
  }
  return found;
}

}  // namespace

TEST(ProfileText, SaysTheSameWhenItIsReadAgain) {
  const profile before = made_up_profile();
  const std::string text = text_of(before);
  EXPECT_LT(text.size(), most_profile_bytes);
  const profile_parts parts = read_profile_text(text);
  EXPECT_EQ(all_of(parts.problems), "");
  ASSERT_TRUE(parts.host);
  ASSERT_EQ(parts.devices.size(), 2U);
  EXPECT_EQ(text_of({parts.valid_for, *parts.host, parts.devices}), text);
  // Not both wrong in the same way.
  EXPECT_EQ(parts.host->call_us.value, before.host.call_us.value);
  EXPECT_EQ(parts.host->call_us.samples, 7);
  EXPECT_EQ(parts.host->call_us.from, origin::calibrated);
  EXPECT_EQ(parts.host->bytes_per_s[2].values[1].value, before.host.bytes_per_s[2].values[1].value);
  const auto scan = static_cast<std::size_t>(work_class::scan);
  EXPECT_EQ(parts.host->operations_per_s[scan][1].value, before.host.operations_per_s[scan][1].value);
  EXPECT_EQ(parts.host->product_together[1].values[2].value, before.host.product_together[1].values[2].value);
  const auto to_host = static_cast<std::size_t>(direction::to_host);
  const auto pinned = static_cast<std::size_t>(memory_kind::pinned);
  EXPECT_EQ(parts.devices[0].device, "gpu:0");
  EXPECT_EQ(parts.devices[0].constants.link[to_host][pinned].latency_us.value,
            before.devices[0].constants.link[to_host][pinned].latency_us.value);
  EXPECT_EQ(parts.valid_for.size(), 2U);
}

TEST(ProfileText, SizeIsLimitedWhatTheMachineIsLike) {
  profile large = made_up_profile();
  large.host.fork_us.at.clear();
  large.host.fork_us.values.clear();
  for (int i = 0; i < 17; ++i) {
    large.host.fork_us.at.push_back(2 << i);
    large.host.fork_us.values.push_back({1.2345, 0.0123, 100, origin::calibrated});
  }
  for (curve& each : large.host.bytes_per_s) each = large.host.fork_us;
  large.host.speedup = large.host.fork_us;
  while (large.devices.size() < 9) large.devices.push_back(large.devices[0]);
  for (std::size_t i = 0; i < 9; ++i) large.devices[i].device = "gpu:" + std::to_string(i);
  const std::string text = text_of(large);
  EXPECT_LE(text.size(), most_profile_bytes);
  EXPECT_EQ(read_profile_text(text).devices.size(), 9U);
  for (int i = 0; i < 200; ++i) {
    large.devices.push_back(large.devices[0]);
    large.devices.back().device = "gpu:" + std::to_string(100 + i);
  }
  EXPECT_THROW(text_of(large), tandem::io_error);
}

TEST(ProfileText, CutOffAnywhereIsNoProfile) {
  const std::string text = text_of(made_up_profile());
  int cuts = 0;
  // The last bytes are a bracket and the end of the line.
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    const profile_parts parts = read_profile_text(std::string_view(text).substr(0, size));
    ASSERT_FALSE(parts.host) << size;
    ASSERT_TRUE(parts.devices.empty()) << size;
    ASSERT_EQ(parts.problems.size(), 1U) << size;
    ASSERT_TRUE(parts.problems[0].starts_with("it is no JSON")) << parts.problems[0];
    ++cuts;
  }
  EXPECT_GT(cuts, 10'000);
}

TEST(ProfileText, EachValueIsCheckedAndNamed) {
  profile some = made_up_profile();
  some.devices.pop_back();
  const std::string text = text_of(some);
  const auto values = values_in(text);
  ASSERT_GT(values.size(), 300U);
  for (const auto& [begin, end] : values) {
    const std::string before = text.substr(begin, end - begin);
    for (const std::string wrong : {"NaN",
                                    "nan",
                                    "Infinity",
                                    "-1",
                                    "-3.5",
                                    "0",
                                    "-0.0",
                                    "1e300",
                                    "1e999",
                                    "1e-300",
                                    "\"\\u0007\"",
                                    "\"x\"",
                                    "null",
                                    "true",
                                    "[]",
                                    "{}",
                                    "[[1]]",
                                    "18446744073709551616",
                                    "9223372036854775807",
                                    "1.5"}) {
      const profile_parts parts = read_profile_text(text.substr(0, begin) + wrong + text.substr(end));
      // It serves as a whole, without the part that is wrong, or not at all; never with a number that is none.
      if (parts.host) expect_sane(*parts.host);
      for (const named_device_profile& each : parts.devices) expect_sane(each.constants);
      const bool is_whole = parts.host && parts.devices.size() == 1;
      EXPECT_EQ(is_whole, parts.problems.empty()) << before << " -> " << wrong << "\n" << all_of(parts.problems);
      if (HasFailure()) return;
    }
    // Of a text, any other serves; of a number, none of these.
    for (const std::string wrong : {"null", "-1", "1e300", "\"\\u001b[31m\""}) {
      const profile_parts parts = read_profile_text(text.substr(0, begin) + wrong + text.substr(end));
      EXPECT_FALSE(parts.problems.empty()) << before << " -> " << wrong;
      for (const std::string& each : parts.problems) {
        for (const char c : each) EXPECT_TRUE(c >= ' ' && c <= '~') << each;
      }
      if (HasFailure()) return;
    }
  }
}

TEST(ProfileText, ProblemsAreNamedByTheirPlace) {
  profile some = made_up_profile();
  const std::string text = text_of(some);
  const auto problems_of = [](const std::string& of) { return all_of(read_profile_text(of).problems); };
  some.host.fork_us.values[1].value = -3;
  EXPECT_EQ(problems_of(text_of(some)), "host.fork_us.values[1].value: -3.0 is not positive\n");
  some = made_up_profile();
  some.host.fork_us.at = {4, 2};
  EXPECT_EQ(problems_of(text_of(some)), "host.fork_us.at[1]: 2.0 is not more than the one before\n");
  some = made_up_profile();
  some.host.product_alone[1].values.pop_back();
  EXPECT_EQ(problems_of(text_of(some)), "host.product_alone.wide: it has 2 sizes and 1 values\n");
  some = made_up_profile();
  some.host.level_bytes = {2, 1};
  EXPECT_EQ(problems_of(text_of(some)), "host.level_bytes[1]: 1.0 is less than the one before\n");
  some = made_up_profile();
  some.devices[1].constants.link[0][1].latency_us.value = 1e12;
  EXPECT_EQ(
      problems_of(text_of(some)),
      "devices.sim:h200.link.to_device.pinned.latency_us.value: 1000000000000.0 is not between 0.001 and 1e+09\n");
  // The rest serves.
  EXPECT_TRUE(read_profile_text(text_of(some)).host);
  EXPECT_EQ(read_profile_text(text_of(some)).devices.size(), 1U);
  some = made_up_profile();
  some.host.speedup.at.assign(65, 0);
  some.host.speedup.values.assign(65, {1, 0.1, 1});
  for (std::size_t i = 0; i < 65; ++i) some.host.speedup.at[i] = static_cast<double>(i + 1);
  EXPECT_EQ(problems_of(text_of(some)), "host.speedup.at: it has 65 points, more than 64\n");
  some.host.speedup = {};
  EXPECT_EQ(problems_of(text_of(some)), "host.speedup.at: it has no points\n");

  EXPECT_EQ(problems_of(with(text, "\"cores\": 4", "\"cores\": 4.5")), "host.cores: 4.5 is no whole number\n");
  EXPECT_EQ(problems_of(with(text, "\"cores\": 4", "\"cores\": 0")), "host.cores: 0 is not positive\n");
  EXPECT_EQ(problems_of(with(text, "\"cores\": 4", "\"kernels\": 4")),
            "host: \"kernels\" is no member of it\nhost.cores: is missing\n");
  EXPECT_EQ(problems_of(with(text, "\"cores\": 4", "\"cores\": 4, \"cores\": 5")),
            "an object has two members \"cores\"\n");
  EXPECT_EQ(problems_of(with(text, "\"from\": \"calibrated\"", "\"from\": \"guessed\"")),
            "devices.gpu:0.allocate_us.from: \"guessed\" is neither \"prior\" nor \"calibrated\"\n");
}

TEST(ProfileText, OtherVersionsAndOtherFilesAreRefused) {
  const std::string text = text_of(made_up_profile());
  const auto refused = [](const std::string& of) {
    const profile_parts parts = read_profile_text(of);
    EXPECT_FALSE(parts.host);
    EXPECT_TRUE(parts.devices.empty());
    return all_of(parts.problems);
  };
  EXPECT_EQ(refused(with(text, "\"version\": 1", "\"version\": 2")), "version: 2 is not 1, which this tandem reads\n");
  EXPECT_EQ(refused(with(text, "\"version\": 1", "\"version\": \"1\"")),
            "version: \"1\" is not 1, which this tandem reads\n");
  EXPECT_EQ(refused(with(text, "\"version\": 1", "\"versio\": 1")), "version: is missing\n");
  for (const std::string other : {"{}", "[]", "1", "\"tandem profile\"", "null", "{\"format\": 1, \"version\": 1}"}) {
    EXPECT_EQ(refused(other), "it is no profile: \"format\" is not \"tandem profile\"\n") << other;
  }
  EXPECT_TRUE(refused("").starts_with("it is no JSON: parse error"));
  EXPECT_TRUE(refused(text + "x").starts_with("it is no JSON: parse error"));
  EXPECT_TRUE(refused(std::string("\0\xff\xfe", 3)).starts_with("it is no JSON: parse error"));
  EXPECT_TRUE(refused(with(text, "made up", "made \xff up")).starts_with("it is no JSON"));
  EXPECT_EQ(refused(std::string(1 << 20, ' ')), "it has 1048576 bytes, and a profile at most 65536\n");
  for (const char* open : {"[", "{\"a\":"}) {
    std::string deep;
    while (deep.size() + 8 < most_profile_bytes) deep += open;
    EXPECT_EQ(refused(deep), "it is nested more than 16 deep\n");
  }
}
