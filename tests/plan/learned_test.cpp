#include "plan/learned.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "plan/made_up_machine.h"
#include "plan/planner.h"

namespace tandem::plan::testing {
namespace {

learned_place some_place(const std::string& name, int count = 2) {
  learned_place made{name, {{"processor", "some"}, {"quota", "none"}}, {}, {}};
  for (int i = 0; i < count; ++i) {
    made.work.push_back({static_cast<std::uint16_t>(i), float32, 20 + i % 4, {1.5, 0.25, i + 1}});
  }
  made.links.push_back({direction::to_host, memory_kind::pinned, {0.125, 0.5, 1'000'000}});
  return made;
}

std::string all_of(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& each : problems) text += each + "\n";
  return text;
}

std::string with(const std::string& from, const std::string& to) {
  std::string text = text_of({some_place("gpu:0")});
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " in " << text;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(Learned, IsReadAsItWasWritten) {
  const learned_parts read =
      read_learned_text(text_of({some_place("cpu"), some_place("gpu:0"), {"sim:x", {}, {}, {}}}));
  EXPECT_EQ(all_of(read.problems), "");
  ASSERT_EQ(read.places.size(), 2U) << "of the third nothing was learned";
  for (const learned_place& each : read.places) {
    EXPECT_EQ(each.valid_for, some_place("").valid_for);
    ASSERT_EQ(each.work.size(), 2U);
    const auto& second = each.work[each.work[0].operation == 1 ? 0 : 1];
    EXPECT_EQ(second.type, float32);
    EXPECT_EQ(second.size, 21);
    EXPECT_EQ(second.learned.factor, 1.5);
    EXPECT_EQ(second.learned.sigma, 0.25);
    EXPECT_EQ(second.learned.samples, 2);
    ASSERT_EQ(each.links.size(), 1U);
    EXPECT_EQ(each.links[0].to, direction::to_host);
    EXPECT_EQ(each.links[0].kind, memory_kind::pinned);
    EXPECT_EQ(each.links[0].learned.factor, 0.125);
  }
}

TEST(Learned, OfTooManyThoseWithTheMostSamplesAreKept) {
  const std::string text = text_of({some_place("cpu", 4096)});
  EXPECT_LE(text.size(), most_learned_bytes);
  EXPECT_GT(text.size(), most_learned_bytes * 9 / 10);
  const learned_parts read = read_learned_text(text);
  EXPECT_EQ(all_of(read.problems), "");
  ASSERT_EQ(read.places.size(), 1U);
  const auto& work = read.places[0].work;
  ASSERT_GT(work.size(), 100U);
  EXPECT_EQ(read.places[0].links.size(), 1U) << "it has a million samples";
  const int least =
      std::ranges::min(work, {}, [](const learned_work& each) { return each.learned.samples; }).learned.samples;
  EXPECT_EQ(least, 4096 - static_cast<int>(work.size()) + 1);
}

TEST(Learned, AFactorThatCannotBeIsLeftOutAlone) {
  for (const auto& [to, part] : std::vector<std::pair<std::string, std::string>>{{"4.01", "4.01"},
                                                                                 {"0.2", "0.2"},
                                                                                 {"-1", "-1"},
                                                                                 {"0", "between"},
                                                                                 {"null", "null"},
                                                                                 {"\"1\"", "no number"}}) {
    const learned_parts read = read_learned_text(with("\"factor\":1.5", "\"factor\":" + to));
    ASSERT_EQ(read.problems.size(), 1U) << to;
    EXPECT_NE(read.problems[0].find("places.gpu:0.work[0].factor: "), std::string::npos) << read.problems[0];
    EXPECT_NE(read.problems[0].find(part), std::string::npos) << read.problems[0];
    ASSERT_EQ(read.places.size(), 1U);
    EXPECT_EQ(read.places[0].work.size(), 1U);
    EXPECT_EQ(read.places[0].links.size(), 1U);
  }
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{{"\"factor\":0.125", "\"factor\":17"},
                                                                                 {"\"pinned\"", "\"other\""},
                                                                                 {"\"to_host\"", "7"},
                                                                                 {"1000000", "1.5"},
                                                                                 {"1000000", "-3"},
                                                                                 {"1000000", "1e300"},
                                                                                 {"\"sigma\":0.5", "\"sigma\":-0.5"}}) {
    const learned_parts read = read_learned_text(with(from, to));
    ASSERT_EQ(read.problems.size(), 1U) << to;
    EXPECT_NE(read.problems[0].find("places.gpu:0.links[0]."), std::string::npos) << read.problems[0];
    ASSERT_EQ(read.places.size(), 1U);
    EXPECT_TRUE(read.places[0].links.empty());
    EXPECT_EQ(read.places[0].work.size(), 2U);
  }
}

TEST(Learned, ATextThatIsDamagedHasNothing) {
  const std::string good = text_of({some_place("gpu:0")});
  std::vector<std::string> texts{"",
                                 "null",
                                 "[]",
                                 "{}",
                                 "\xff\xfe",
                                 std::string(60'000, '['),
                                 with("1.5", "NaN"),
                                 with("\"version\":1", "\"version\":2"),
                                 with("\"version\":1", "\"version\":\"1\""),
                                 std::string(most_learned_bytes, ' ') + good,
                                 with("tandem learned", "tandem other")};
  for (const std::size_t size : {good.size() / 4, good.size() / 2, good.size() - 3}) {
    texts.push_back(good.substr(0, size));
  }
  for (const std::string& each : texts) {
    const learned_parts read = read_learned_text(each);
    EXPECT_TRUE(read.places.empty()) << each.substr(0, 200);
    EXPECT_FALSE(read.problems.empty()) << each.substr(0, 200);
  }
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{{"\"gpu:0\"", "\"\""},
                                                                                 {"\"gpu:0\"", "\"\\u001b[2J\""},
                                                                                 {"\"processor\"", "\"a\\u0007\""},
                                                                                 {"\"some\"", "1"},
                                                                                 {"\"work\"", "\"werk\""}}) {
    const learned_parts read = read_learned_text(with(from, to));
    EXPECT_TRUE(read.places.empty()) << to;
    EXPECT_FALSE(read.problems.empty()) << to;
    EXPECT_TRUE(std::ranges::all_of(all_of(read.problems), [](char c) { return (c >= ' ' && c <= '~') || c == '\n'; }));
  }
}

TEST(Learned, FingerprintsDifferWhereConstantsDo) {
  host_profile host = plain_host();
  const std::string before = fingerprint(host);
  EXPECT_EQ(fingerprint(host), before);
  host.call_us.value *= 1.01;
  EXPECT_NE(fingerprint(host), before);
  EXPECT_NE(fingerprint(fast_device(1e10)), fingerprint(fast_device(2e10)));
}

// What one planner has learned, another one predicts by, at a place of another number.
TEST(Learned, IsTakenOverByAnotherPlanner) {
  constexpr int device = 1;
  planner first({{}, plain_host(), {}});
  first.add({"made-up", fast_device()});
  planned_task what(some_work(1e7, 1e7), 1);
  asked about;
  const double unlearned_us = first.decide(what, about.make(8).get()).predicted_work_us;
  const double host_us = first.host_time_us(what, 1);
  for (int i = 0; i < 100; ++i) first.learn(first.lesson_of(what, host_place), 2 * host_us);
  for (int i = 0; i < 100; ++i) {
    first.learn_copy(device, direction::to_device, memory_kind::pageable, 1 << 24, 1e5);
  }
  EXPECT_GT(unlearned_us, 0);
  ASSERT_NEAR(first.host_time_us(what, 1), 2 * host_us, 0.02 * host_us);

  planner second({{}, plain_host(), {}});
  second.add({"other", fast_device()});
  second.add({"made-up", fast_device()});
  second.restore(host_place, first.learned_at(host_place));
  second.restore(2, first.learned_at(device));
  planned_task again(some_work(1e7, 1e7), 1);
  EXPECT_EQ(second.host_time_us(again, 1), first.host_time_us(what, 1));
  EXPECT_TRUE(second.learned_at(1).empty());
  const learned_place there = second.learned_at(2);
  ASSERT_EQ(there.links.size(), 1U);
  EXPECT_EQ(there.links[0].learned.samples, 100);
  EXPECT_EQ(there.links[0].learned.factor, first.learned_at(device).links.at(0).learned.factor);

  // One time that is far off changes nothing, as before.
  second.learn(second.lesson_of(again, host_place), 500 * host_us);
  EXPECT_NEAR(second.host_time_us(again, 1), 2 * host_us, 0.02 * host_us);
}

TEST(Learned, NothingIsWhileLearningIsOff) {
  planner one({{}, plain_host(), {}});
  planned_task what(some_work(1e7, 1e7), 1);
  const double us = one.host_time_us(what, 1);
  one.set_learning(false);
  EXPECT_FALSE(one.settings().learns);
  for (int i = 0; i < 100; ++i) one.learn(one.lesson_of(what, host_place), 3 * us);
  EXPECT_EQ(one.host_time_us(what, 1), us);
  EXPECT_TRUE(one.learned_at(host_place).empty());
  one.set_learning(true);
  for (int i = 0; i < 100; ++i) one.learn(one.lesson_of(what, host_place), 3 * us);
  EXPECT_NEAR(one.host_time_us(what, 1), 3 * us, 0.03 * us);
}

}  // namespace
}  // namespace tandem::plan::testing
