#include <gtest/gtest.h>
#include <sys/wait.h>
#include <tandem/tandem.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "plan/decision_reader.h"
#include "support/temporary_folder.h"
#include "support/text_file.h"

// What an application is said to have done, against what it did.
namespace tandem {
namespace {

struct seen_evaluation {
  std::string name;
  std::string site;
  std::string text;
  bool runs;
  bool is_new;
  bool writes_all;
  int place;
  plan::asking asked;
  std::vector<std::uint64_t> reads;
  std::uint64_t writes;
  std::vector<std::int16_t> operands{};
};

// Events as words: "run 0", the evaluation's number in the list; "read 3", "write 3", "free 3", by ids.
class follower : public plan::observer {
 public:
  void on_device(const plan::named_device_profile& what) override { devices.push_back(what.device); }
  void on_evaluation(const plan::evaluation& what) override {
    seen_evaluation made{std::string(what.name),
                         std::string(what.site),
                         std::string(what.text),
                         what.runs,
                         what.is_new,
                         what.writes_all,
                         what.place,
                         what.asked,
                         {},
                         what.writes.id};
    for (const plan::operand_state& each : what.reads) made.reads.push_back(each.id);
    made.operands.assign(what.operands.begin(), what.operands.end());
    words.push_back("run " + std::to_string(evaluations.size()));
    evaluations.push_back(std::move(made));
  }
  void on_failure(std::uint64_t) override { ++failures; }
  void on_outcome(std::uint64_t, double us) override {
    ++outcomes;
    EXPECT_GE(us, 0);
  }
  void on_copy(int, bool, bool, std::int64_t, double) override { ++copies; }
  void on_host_read(std::uint64_t id) override { words.push_back("read " + std::to_string(id)); }
  void on_host_write(std::uint64_t id) override { words.push_back("write " + std::to_string(id)); }
  void on_free(std::uint64_t id) override { words.push_back("free " + std::to_string(id)); }

  bool has(const std::string& word) const { return std::ranges::count(words, word) == 1; }

  std::vector<std::string> devices;
  std::vector<seen_evaluation> evaluations;
  std::vector<std::string> words;
  int failures = 0;
  int outcomes = 0;
  int copies = 0;
};

class Watching : public ::testing::Test {
 protected:
  ~Watching() override { set_decision_log(""); }
  std::string path() const { return folder_ / "log.jsonl"; }
  std::string text() const { return testing::read_text(path()); }
  follower seen() const {
    set_decision_log("");
    follower found;
    plan::decision_reader reader(path());
    reader.read(found);
    EXPECT_FALSE(reader.is_cut_off());
    return found;
  }

  testing::temporary_folder folder_;
};

TEST_F(Watching, TellsOfWhatRunsAndWhere) {
  const ndarray a = ones({64, 64});
  const ndarray b = ones({64, 64});
  set_decision_log(path());
  const ndarray c = eval(a + b);
  const int line = __LINE__ - 1;
  const ndarray d = matmul(c, a);
  const follower found = seen();
  ASSERT_EQ(found.evaluations.size(), 2U);
  EXPECT_EQ(found.outcomes, 2);
  const seen_evaluation& sum = found.evaluations[0];
  EXPECT_EQ(sum.name, "add");
  EXPECT_EQ(sum.text, "add(float64 (64, 64), float64 (64, 64))");
  EXPECT_EQ(sum.site, "watching_test.cpp:" + std::to_string(line));
  EXPECT_TRUE(sum.runs);
  EXPECT_TRUE(sum.is_new);
  EXPECT_EQ(sum.place, plan::host_place);
  EXPECT_EQ(sum.reads.size(), 2U);
  const seen_evaluation& product = found.evaluations[1];
  EXPECT_EQ(product.site, "watching_test.cpp:" + std::to_string(line + 2));
  ASSERT_EQ(product.operands.size(), 2U);
  const std::size_t first = product.operands[0] == 1 ? 0 : 1;
  EXPECT_EQ(product.operands[first], 1);
  EXPECT_EQ(product.operands[1 - first], 2);
  EXPECT_EQ(product.reads[first], sum.writes);
  EXPECT_NE(product.writes, sum.writes);
}

TEST_F(Watching, TellsWhenTheHostReadsAndWritesForTheFirstTime) {
  ndarray a = ones({1000});
  set_decision_log(path());
  ndarray b = a + 1.0;
  EXPECT_EQ(b.at<const double>({0}), 2.0);
  EXPECT_EQ(b.at<const double>({1}), 2.0);  // nothing new
  EXPECT_EQ(a.at<const double>({0}), 1.0);  // no evaluation wrote to it
  b.at<double>({0}) = 7;
  b.at<double>({1}) = 7;
  const ndarray c = b + a;
  b.at<double>({2}) = 7;
  EXPECT_EQ(c.at<const double>({0}), 8.0);
  const std::vector<std::string> words = [&] { return seen().words; }();
  const follower found = seen();
  const std::string id_b = std::to_string(found.evaluations[0].writes);
  const std::string id_c = std::to_string(found.evaluations[1].writes);
  EXPECT_EQ(words, (std::vector<std::string>{"run 0", "read " + id_b, "write " + id_b, "run 1", "write " + id_b,
                                             "read " + id_c}));
}

TEST_F(Watching, TellsOfStoragesThatAreGone) {
  const ndarray a = ones({1000});
  set_decision_log(path());
  {
    const ndarray b = a * 2.0;
  }
  const follower found = seen();
  ASSERT_EQ(found.evaluations.size(), 1U);
  EXPECT_TRUE(found.has("free " + std::to_string(found.evaluations[0].writes)));
  EXPECT_FALSE(found.has("free " + std::to_string(found.evaluations[0].reads[0])));
}

TEST_F(Watching, TellsOfWritingToViewsAndOfOverlaps) {
  ndarray a = ones({100});
  set_decision_log(path());
  a += 1.0;
  a(slice(0, 50)) = 3.0;
  a(slice(1, 100)) = a(slice(0, 99));  // by way of a copy
  const follower found = seen();
  ASSERT_EQ(found.evaluations.size(), 5U);
  EXPECT_EQ(found.evaluations[0].reads, std::vector<std::uint64_t>{found.evaluations[0].writes});
  EXPECT_TRUE(found.evaluations[0].writes_all);
  EXPECT_FALSE(found.evaluations[1].writes_all);
  EXPECT_EQ(found.evaluations[1].writes, found.evaluations[0].writes);
  for (const seen_evaluation& each : found.evaluations) EXPECT_FALSE(each.is_new);
  // The one that was found to overlap does not run; its copy does, and then the copy's copy.
  EXPECT_FALSE(found.evaluations[2].runs);
  EXPECT_TRUE(found.evaluations[3].runs);
  EXPECT_NE(found.evaluations[3].writes, found.evaluations[0].writes);
  EXPECT_TRUE(found.evaluations[4].runs);
  EXPECT_EQ(found.evaluations[4].writes, found.evaluations[0].writes);
  EXPECT_EQ(found.evaluations[4].reads, std::vector<std::uint64_t>{found.evaluations[3].writes});
  EXPECT_EQ(a.at<const double>({99}), 2.0);
}

TEST_F(Watching, TellsOfDevicesAndReplays) {
  const ndarray a = ones({256, 256}, dtype::float32);
  set_decision_log(path());
  ndarray b = eval(matmul(a, a), {.device = device::named("sim:h200")});
  for (int i = 0; i < 5; ++i) {
    b = eval(matmul(b, a) * 0.001f, {.device = device::automatic});
    b(0) = 1.0f;
    EXPECT_GE(sum(b).size(), 0);
  }
  EXPECT_EQ(b.at<const float>({0, 0}), 1.0f);
  const follower found = seen();
  ASSERT_EQ(found.devices, std::vector<std::string>{"sim:h200"});
  ASSERT_GE(found.evaluations.size(), 6U);
  EXPECT_EQ(found.evaluations[0].place, 1);
  EXPECT_EQ(found.evaluations[0].asked, plan::asking::about_work);
  EXPECT_EQ(found.evaluations[1].asked, plan::asking::everything);
  const replay_result again = replay(path());
  EXPECT_EQ(again.evaluations, static_cast<std::int64_t>(found.evaluations.size()));
  EXPECT_FALSE(again.is_from_start);
}

TEST_F(Watching, AFailureIsOne) {
  const ndarray a = ones({1000});
  set_decision_log(path());
  EXPECT_THROW(eval(a + 1.0, {.host_memory_bytes = 100}), out_of_memory);
  const follower found = seen();
  EXPECT_EQ(found.evaluations.size(), 1U);
  EXPECT_EQ(found.failures, 1);
}

TEST_F(Watching, IsOffBeforeAndAfterwards) {
  set_decision_log(path());
  const ndarray a = ones({1000});
  set_decision_log("");
  const std::string before = text();
  const ndarray b = a + 1.0;
  EXPECT_EQ(b.at<const double>({0}), 2.0);
  EXPECT_EQ(text(), before);
  EXPECT_THROW(set_decision_log(folder_ / "none/log"), io_error);
  EXPECT_EQ(eval(a + 2.0).at<const double>({0}), 3.0);
}

TEST_F(Watching, AForkedChildWritesNone) {
  set_decision_log(path());
  const ndarray a = ones({1000});
  const pid_t child = fork();
  if (child == 0) {
    const ndarray b = a + 1.0;
    ::_exit(b.at<const double>({0}) == 2.0 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const ndarray c = a * 3.0;
  const follower found = seen();
  EXPECT_EQ(std::ranges::count(found.evaluations, std::string("add"), &seen_evaluation::name), 0);
  EXPECT_EQ(std::ranges::count(found.evaluations, std::string("multiply"), &seen_evaluation::name), 1);
}

TEST_F(Watching, ManyThreadsMakeOneLog) {
  const ndarray a = ones({5000});
  set_decision_log(path());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        const ndarray b = eval(a + 1.0, {.workers = 1});
        EXPECT_EQ(b.at<const double>({0}), 2.0);
      }
    });
  }
  for (std::thread& each : threads) each.join();
  const follower found = seen();
  EXPECT_EQ(found.evaluations.size(), 800U);
  EXPECT_EQ(found.outcomes, 800);
}

}  // namespace
}  // namespace tandem
