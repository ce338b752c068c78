#include "regret/playback.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <tandem/tandem.h>

#include "ops/compile.h"

// Applications as they are recorded and played, at small scales and made by hand.
namespace bench::regret {
namespace {

using kind = recorded_event::kind;

recording recorded(std::string_view name, double scale) {
  const tandem::applications::application* const found = tandem::applications::find_application(name);
  if (found == nullptr) throw std::invalid_argument("no such application");
  return record(*found, scale);
}

std::int64_t count(const recording& of, kind what) {
  return std::ranges::count(of.events, what, &recorded_event::what);
}

TEST(Recording, HeatIsAssignedOnceAStep) {
  // 10 x 10 cells, 5 steps: each writes the inner part of a plate and reads the other plate.
  const recording made = recorded("heat-diffusion", 0.01);
  std::vector<const recorded_event*> steps;
  for (const recorded_event& each : made.events) {
    if (each.what == kind::evaluation && !each.writes_all) steps.push_back(&each);
  }
  ASSERT_EQ(steps.size(), 5U);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const recorded_event& step = *steps[i];
    EXPECT_FALSE(step.is_new);
    EXPECT_EQ(step.writes.bytes, 10 * 10 * 8);
    ASSERT_EQ(step.reads.size(), 1U);
    EXPECT_EQ(step.reads[0].bytes, 10 * 10 * 8);
    EXPECT_NE(step.reads[0].id, step.writes.id);
    if (i == 0) continue;
    EXPECT_EQ(step.reads[0].id, steps[i - 1]->writes.id);
    EXPECT_EQ(step.writes.id, steps[i - 1]->reads[0].id);
    EXPECT_EQ(step.program, steps[0]->program);
  }
  // The sum and the centre.
  EXPECT_EQ(count(made, kind::host_read), 2);
}

TEST(Recording, MonteCarloReadsASumForEachBlock) {
  // 4,400,000 points: two whole blocks of 2,000,000 and one that is not.
  const recording made = recorded("monte-carlo", 0.22);
  EXPECT_EQ(count(made, kind::host_read), 3);
  std::set<std::uint64_t> sums;
  for (const recorded_event& each : made.events) {
    if (each.what == kind::evaluation && each.writes.bytes == 8) sums.insert(each.writes.id);
    if (each.what == kind::host_read) {
      EXPECT_TRUE(sums.contains(each.id));
    }
  }
  EXPECT_EQ(sums.size(), 3U);
}

TEST(Recording, ConjugateGradientsReadTheResidualInEachStep) {
  // 40 unknowns, 12 steps. In each, the host needs two products of vectors, that of the residual last; and one before
  // the first step, and one at the end.
  const recording made = recorded("conjugate-gradients", 0.02);
  int products = 0;
  int reads = 0;
  std::vector<int> reads_before;
  for (const recorded_event& each : made.events) {
    if (each.what == kind::host_read) ++reads;
    if (each.what != kind::evaluation) continue;
    const bool is_step = std::ranges::any_of(each.reads, [](const auto& read) { return read.bytes == 40 * 40 * 8; });
    if (!is_step) continue;
    ++products;
    reads_before.push_back(reads);
  }
  EXPECT_EQ(products, 12);
  EXPECT_EQ(reads, 1 + 2 * 12 + 1);
  for (std::size_t i = 0; i < reads_before.size(); ++i) EXPECT_EQ(reads_before[i], 1 + 2 * static_cast<int>(i));
}

class EachApplication : public testing::TestWithParam<tandem::applications::application> {};
INSTANTIATE_TEST_SUITE_P(Recording, EachApplication, testing::ValuesIn(tandem::applications::known_applications()),
                         [](const auto& of) {
                           std::string name(of.param.name);
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(EachApplication, IsRecordedTheSameEachTime) {
  const recording first = record(GetParam(), 0.02);
  const recording second = record(GetParam(), 0.02);
  EXPECT_GT(first.evaluations(), 0U);
  ASSERT_EQ(first.programs.size(), second.programs.size());
  for (std::size_t i = 0; i < first.programs.size(); ++i) {
    EXPECT_EQ(first.programs[i].text, second.programs[i].text);
    EXPECT_EQ(first.programs[i].structure, second.programs[i].structure);
  }
  ASSERT_EQ(first.events.size(), second.events.size());
  for (std::size_t i = 0; i < first.events.size(); ++i) {
    const recorded_event& a = first.events[i];
    const recorded_event& b = second.events[i];
    EXPECT_EQ(a.what, b.what) << i;
    EXPECT_EQ(a.id, b.id) << i;
    EXPECT_EQ(a.program, b.program) << i;
    EXPECT_EQ(a.writes.id, b.writes.id) << i;
    EXPECT_EQ(a.reads.size(), b.reads.size()) << i;
  }
}

TEST_P(EachApplication, UsesNoBlockThatIsGone) {
  const recording made = record(GetParam(), 0.02);
  std::set<std::uint64_t> gone;
  for (const recorded_event& each : made.events) {
    if (each.what != kind::evaluation) {
      EXPECT_FALSE(gone.contains(each.id));
      if (each.what == kind::free) gone.insert(each.id);
      continue;
    }
    EXPECT_LT(each.program, made.programs.size());
    EXPECT_FALSE(gone.contains(each.writes.id));
    for (const auto& read : each.reads) EXPECT_FALSE(gone.contains(read.id));
  }
  EXPECT_FALSE(gone.empty());
}

TEST_P(EachApplication, IsPlayedTheSameEachTime) {
  const recording made = record(GetParam(), 0.02);
  for (const std::string_view name : {"h200", "coupled"}) {
    scene one(machine_called(name), knowledge::calibrated, 5);
    scene other(machine_called(name), knowledge::calibrated, 5);
    const application_times first = play(one, made);
    const application_times second = play(other, made);
    EXPECT_EQ(first.planned_us, second.planned_us);
    EXPECT_EQ(first.repeated_us, second.repeated_us);
    EXPECT_EQ(first.greedy_us, second.greedy_us);
    EXPECT_EQ(first.settled_us, second.settled_us);
    EXPECT_LE(first.settled_us, std::min(first.host_us, first.device_us));
    EXPECT_LE(first.best_us(), std::min(first.settled_us, first.planned_us));
    EXPECT_GT(first.best_us(), 0);
    // On the host alone nothing is copied.
    double alone_us = 0;
    for (const recorded_event& each : made.events) {
      if (each.what == kind::evaluation) alone_us += one.takes().best_host_us(made.programs[each.program].program);
    }
    EXPECT_NEAR(first.host_us, alone_us, 1e-9 * alone_us);
  }
}

// Applications of two programs over arrays of 32 MiB.
class ByHand {
 public:
  ByHand() {
    const tandem::ndarray x = tandem::empty({elements}, tandem::float64);
    add("exp", tandem::exp(x));
    add("sum", tandem::sum(tandem::exp(x)));
  }
  void evaluate(std::size_t program, std::uint64_t reads, std::uint64_t writes, std::int64_t bytes) {
    recorded_event& made = made_.events.emplace_back();
    made.what = kind::evaluation;
    made.program = program;
    made.reads = {{reads, 8 * elements, on_host}};
    made.writes.id = writes;
    made.writes.bytes = bytes;
    made.is_new = true;
  }
  void happen(kind what, std::uint64_t id) {
    recorded_event& made = made_.events.emplace_back();
    made.what = what;
    made.id = id;
  }
  const recording& made() const { return made_; }

  static constexpr std::int64_t elements = 1 << 22;

 private:
  void add(std::string_view name, const tandem::expr& value) {
    tandem::ops::program program = tandem::ops::compile(value.node()).code;
    tandem::plan::task task = tandem::plan::task_of(program);
    made_.programs.push_back({std::string(name), made_.programs.size() + 1, std::move(program), std::move(task)});
  }
  recording made_{"by hand", 1, {}, {}};
};

TEST(Playback, CopiesWhatIsNotThereAndNothingElse) {
  constexpr std::int64_t bytes = 8 * ByHand::elements;
  ByHand application;
  application.evaluate(0, 1, 2, bytes);  // 1 is copied to the device
  application.evaluate(1, 2, 3, 8);      // 2 is there
  application.happen(kind::host_read, 3);
  application.happen(kind::host_read, 3);   // the host has it
  application.happen(kind::host_write, 1);  // what the device has is stale
  application.evaluate(1, 1, 4, 8);
  application.happen(kind::free, 2);  // nobody wanted it
  application.happen(kind::host_read, 4);
  for (const machine& each : machines()) {
    scene on(each, knowledge::calibrated, 1);
    const truth& takes = on.takes();
    const application_times found = play(on, application.made());
    const std::vector<recorded_program>& programs = application.made().programs;
    const double copies_us = 2 * takes.copy_us(tandem::plan::direction::to_device, bytes) +
                             2 * takes.copy_us(tandem::plan::direction::to_host, 8);
    const double device_us =
        takes.device_us(programs[0].program) + 2 * takes.device_us(programs[1].program) + copies_us;
    EXPECT_NEAR(found.device_us, device_us, 1e-9 * device_us) << each.name;
  }
}

// Rewarding only in the end: no evaluation alone is worth a copy.
TEST(Playback, KnowsWhatIsBestInTheEnd) {
  ByHand application;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    application.evaluate(1, 1, 2 + i, 8);
    application.happen(kind::host_read, 2 + i);
  }
  const machine& h200 = machine_called("h200");
  scene on(h200, knowledge::calibrated, 1);
  const application_times found = play(on, application.made());
  EXPECT_EQ(found.greedy_us, found.host_us);
  EXPECT_EQ(found.operands_us, found.host_us);
  EXPECT_LT(found.device_us, 0.7 * found.host_us);
  EXPECT_EQ(found.settled_us, found.device_us);
  // Ski rental: at most about twice the best.
  EXPECT_LT(found.planned_us, 2.2 * found.best_us());
  EXPECT_LT(found.repeated_us, 2.2 * found.best_us());
}

}  // namespace
}  // namespace bench::regret
