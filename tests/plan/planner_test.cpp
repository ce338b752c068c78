#include "plan/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <new>
#include <vector>

#include "plan/made_up_machine.h"
#include "plan/model.h"

namespace {
std::atomic<long> allocations{0};
}

// Not inlined: g++ takes what it sees of them then for a mistake.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const block = std::malloc(size == 0 ? 1 : size)) return block;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace tandem::plan::testing {
namespace {

constexpr place_set host = set_of(host_place);
constexpr int device = 1;
constexpr place_set on_device_only = set_of(device);

struct machine {
  planner with;
  explicit machine(double link_bytes_per_s = 1e10, planner_settings settings = {}, int cores = 1)
      : with({{}, plain_host(cores), {}}, settings) {
    with.add({"made-up", fast_device(link_bytes_per_s)});
  }
};

int place_of_product(machine& on, double n) {
  planned_task what(square_product(n), 1);
  const auto bytes = static_cast<std::int64_t>(n * n * 8);
  return on.with.decide(what, asked().read(bytes, host).read(bytes, host).make(bytes).get()).place;
}

TEST(Planner, AProductCrossesOverWhereTheTransfersArePaid) {
  // Two operands go there, one result comes back: 3 * 8 n^2 / link = 2 n^3 / rate, n = 12 * rate / link.
  machine on(1e9);
  const double expected = 12 * 1e11 / 1e9;
  double low = 1;
  double high = 10000;
  while (high - low > 1) {
    const double middle = std::floor((low + high) / 2);
    (place_of_product(on, middle) == device ? high : low) = middle;
  }
  EXPECT_NEAR(high, expected, 0.15 * expected);
}

TEST(Planner, StreamingWorkOfTheHostsStaysWhereTheLinkIsSlowerThanMemory) {
  machine on(9e9);
  for (double bytes = 1e3; bytes < 1e12; bytes *= 7) {
    planned_task what(some_work(bytes / 24, bytes), 1);
    const auto each = static_cast<std::int64_t>(bytes / 3);
    const decision made = on.with.decide(what, asked().read(each, host).read(each, host).make(each).get());
    EXPECT_EQ(made.place, host_place) << bytes;
  }
}

TEST(Planner, WorkGoesWhereItsOperandsAre) {
  machine on;
  planned_task what(some_work(1e5, 1e3), 1);
  const decision made = on.with.decide(what, asked().read(200'000, on_device_only).make(8).get());
  EXPECT_EQ(made.place, device);
  EXPECT_EQ(made.why, cause::resident);
}

TEST(Planner, TooLittleForALaunchStays) {
  machine on;
  planned_task what(some_work(100, 800), 1);
  const decision made = on.with.decide(what, asked().read(800, host | on_device_only).make(8).get());
  EXPECT_EQ(made.place, host_place);
  EXPECT_EQ(made.why, cause::launch_bound);
}

TEST(Planner, WhatDoesNotFitStays) {
  machine on;
  planned_task what(square_product(5000), 1);
  asked question;
  question.read(200'000'000, host).read(200'000'000, host).make(200'000'000).get();
  question.text.free_bytes[device] = 599'999'999;
  const decision made = on.with.decide(what, question.text);
  EXPECT_EQ(made.place, host_place);
  EXPECT_EQ(made.why, cause::no_memory);
  question.text.free_bytes[device] = 600'000'000;
  planned_task again(square_product(5000), 1);
  EXPECT_EQ(on.with.decide(again, question.text).place, device);
  // Also what would have stayed anyway, behind a slow link.
  machine far(1e6);
  question.text.free_bytes[device] = 599'999'999;
  planned_task third(square_product(5000), 1);
  EXPECT_EQ(far.with.decide(third, question.text).why, cause::no_memory);
}

TEST(Planner, APolicyIsObeyed) {
  machine on;
  planned_task what(square_product(5000), 1);
  asked question;
  question.read(200'000'000, host).read(200'000'000, host).make(200'000'000).get();
  question.text.allowed = host;
  const decision made = on.with.decide(what, question.text);
  EXPECT_EQ(made.place, host_place);
  EXPECT_EQ(made.why, cause::forced);
  question.text.allowed = on_device_only;
  EXPECT_EQ(on.with.decide(what, question.text).place, device);
}

TEST(Planner, ACompilationIsPlannedAround) {
  machine on;
  asked question;
  question.read(1'000, host).make(8).get();
  planned_task what(some_work(1e6, 1e3), 1);
  question.text.cold_us[device] = 1e5;
  EXPECT_EQ(on.with.decide(what, question.text).place, host_place);
  question.text.cold_us[device] = 0;
  EXPECT_EQ(on.with.decide(what, question.text).place, device);
}

// A loop that reads one large array again and again: the sum of what it takes with the planner's choices, and with the
// best of "stay" and "move at once".
struct loop_times {
  double planned_us = 0;
  double best_us = 0;
  int moved_at = -1;
};
loop_times run_loop(int rounds, double work_us_here, std::int64_t bytes) {
  machine on(1e10, {.learns = false});
  std::atomic<float> credit{0};
  place_set valid = host;
  planned_task what(some_work(work_us_here * 1e4, static_cast<double>(bytes) / 1000), 7);
  loop_times times;
  const double move_us = 10 + static_cast<double>(bytes) / 1e4;
  const double there_us = 1 + 2 + 5 + 5 + 10;
  const double here_us = work_us_here + 1;
  for (int i = 0; i < rounds; ++i) {
    const decision made = on.with.decide(what, asked().read(bytes, valid, &credit).make(8).get());
    if (made.place == device) {
      if (!contains(valid, device)) times.planned_us += move_us;
      if (times.moved_at < 0) times.moved_at = i;
      valid |= on_device_only;
      times.planned_us += there_us;
    } else {
      times.planned_us += here_us;
    }
  }
  times.best_us = std::min(rounds * here_us, move_us + rounds * there_us);
  return times;
}

TEST(Planner, ALoopMovesAnArrayWhenStayingHasCostAsMuch) {
  // Moving takes 10,010 us, and each round saves 77.
  const loop_times times = run_loop(10'000, 99, 100'000'000);
  EXPECT_NEAR(times.moved_at, 10'010 / 77, 5);
  EXPECT_LT(times.planned_us, 1.05 * times.best_us);
  for (const int rounds : {1, 10, 100, 130, 200, 500, 1000}) {
    const loop_times of = run_loop(rounds, 99, 100'000'000);
    EXPECT_LT(of.planned_us, 2.05 * of.best_us) << rounds;
  }
  EXPECT_EQ(run_loop(1000, 20, 100'000'000).moved_at, -1) << "nothing is gained there";
}

TEST(Planner, AResultInheritsCredit) {
  machine on(1e10, {.learns = false});
  std::atomic<float> credit{0};
  planned_task what(some_work(1e6, 1e4), 9);
  const decision first = on.with.decide(what, asked().read(10'000'000, host, &credit).make(10'000'000).get());
  EXPECT_EQ(first.place, host_place);
  // Results that evaluations use and the host does not read need not come back.
  memory::use_history& history = on.with.history_of(what);
  for (int i = 0; i < 10; ++i) {
    history.made(false);
    history.used();
  }
  const decision second = on.with.decide(what, asked().read(10'000'000, host, &credit).make(10'000'000).get());
  EXPECT_GT(credit.load(), 0);
  EXPECT_FLOAT_EQ(second.inherited_credit_us, credit.load());
}

TEST(Planner, WhatBecameOfOtherResultsStandsForStructuresThatAreNew) {
  constexpr std::int64_t large = 10'000'000;
  const auto price_there = [](machine& on, std::uint64_t structure, std::int64_t bytes) {
    planned_task what(some_work(1e6, 1e4, bytes), structure);
    return on.with.explain(what, asked().read(8, host).make(bytes).get()).places[device].total_us;
  };
  machine on(1e10, {.learns = false});
  const double before_us = price_there(on, 51, large);
  const double few_before_us = price_there(on, 52, 8);
  planned_task other(some_work(1e6, 1e4, large), 50);
  static_cast<void>(on.with.decide(other, asked().read(8, host).make(large).get()));
  for (int i = 0; i < 10; ++i) {
    on.with.history_of(other).made(false);
    on.with.history_of(other).used();
  }
  // The copy back takes 1,010 us, and the wait 5.
  EXPECT_NEAR(before_us - price_there(on, 53, large), 0.98 * 1015, 1);
  EXPECT_DOUBLE_EQ(price_there(on, 54, 8), few_before_us) << "small results are counted apart";
}

TEST(Planner, ASmallAdvantageDoesNotMoveWork) {
  machine on(1e10, {.learns = false});
  // 100 us here, or what it takes there with a copy: 23 us and 10 us more, and bytes.
  const auto place_with = [&](planned_task& what, double bytes) {
    return on.with.decide(what, asked().read(static_cast<std::int64_t>(bytes), host).make(8).get());
  };
  planned_task what(some_work(1e6, 1e3), 3);
  EXPECT_EQ(place_with(what, 1e6).place, host_place);
  const decision near = place_with(what, 6.6e5);
  EXPECT_EQ(near.place, host_place);
  EXPECT_EQ(near.why, cause::hysteresis);
  EXPECT_EQ(place_with(what, 4e5).place, device);
  planned_task fresh(some_work(1e6, 1e3), 4);
  EXPECT_EQ(place_with(fresh, 6.6e5).place, device) << "it has been nowhere before";
}

TEST(Planner, OneWildMeasurementChangesNothing) {
  machine on(1e10, {.learns = true, .exploration = 0});
  planned_task what(some_work(1e6, 1e3), 5);
  asked question;
  question.read(400'000, host).make(8).get();
  const decision before = on.with.decide(what, question.text);
  ASSERT_EQ(before.place, device);
  const auto learn = [&](double factor) {
    const planner::lesson lesson = on.with.lesson_of(what, device);
    on.with.learn(lesson, factor * std::max(lesson.work_us, 100.0));
  };
  // Work of the device is too short to learn from here; a link is not.
  for (int i = 0; i < 5; ++i) on.with.learn_copy(device, direction::to_device, memory_kind::pageable, 1 << 20, 115);
  on.with.learn_copy(device, direction::to_device, memory_kind::pageable, 1 << 20, 500 * 115);
  learn(1);
  EXPECT_EQ(on.with.decide(what, question.text).place, device);
  for (int i = 0; i < 3; ++i) on.with.learn_copy(device, direction::to_device, memory_kind::pageable, 1 << 20, 115);
  EXPECT_NEAR(on.with.decide(what, question.text).predicted_us, before.predicted_us, 0.05 * before.predicted_us);
}

TEST(Planner, ALinkThatBecomesSlowerIsFoundOutSoon) {
  machine on(1e10, {.learns = true, .exploration = 0});
  planned_task what(some_work(2e6, 1e3), 5);
  asked question;
  question.read(1'000'000, host).make(8).get();
  ASSERT_EQ(on.with.decide(what, question.text).place, device) << "123 us there, 200 here";
  int evaluations = 0;
  for (; evaluations < 20; ++evaluations) {
    if (on.with.decide(what, question.text).place == host_place) break;
    on.with.learn_copy(device, direction::to_device, memory_kind::pageable, 1'000'000, 5 * 110);
  }
  EXPECT_LT(evaluations, 20);
}

TEST(Planner, ACorrectionStaysWithinItsBounds) {
  correction one;
  for (int i = 0; i < 100; ++i) one.learn(1000, 4);
  EXPECT_DOUBLE_EQ(one.factor(), 4);
  for (int i = 0; i < 100; ++i) one.learn(1e-6, 4);
  EXPECT_DOUBLE_EQ(one.factor(), 0.25);
  for (const double wrong : {0.0, -1.0, std::nan(""), HUGE_VAL}) one.learn(wrong, 4);
  EXPECT_DOUBLE_EQ(one.factor(), 0.25);
  correction steady;
  for (int i = 0; i < 50; ++i) steady.learn(1.5, 4);
  EXPECT_NEAR(steady.factor(), 1.5, 0.01);
  EXPECT_LT(steady.sigma(), 0.01);
}

TEST(Planner, TheLosingPlaceIsTriedAgainWithinItsBudget) {
  machine on(1e10);
  planned_task what(some_work(3e6, 1e3), 5);
  asked question;
  question.read(800, host).make(8).get();
  ASSERT_EQ(on.with.decide(what, question.text).place, device);
  // A bad time made the device look ten times slower than the host.
  for (int i = 0; i < 30; ++i) on.with.learn_copy(device, direction::to_device, memory_kind::pageable, 100, 60 * 10);
  double tried = 0;
  const int rounds = 4000;
  for (int i = 0; i < rounds; ++i) {
    const decision made = on.with.decide(what, question.text);
    if (made.why == cause::exploration) {
      tried += 1;
      on.with.learn_copy(device, direction::to_device, memory_kind::pageable, 100, 60);
    }
  }
  EXPECT_LT(tried / rounds, 0.02);
}

TEST(Planner, DecidingDoesNotAllocate) {
  machine on;
  planned_task what(square_product(2000), 1);
  std::atomic<float> credit{0};
  asked question;
  question.read(32'000'000, host, &credit).read(32'000'000, host | on_device_only, &credit).make(32'000'000).get();
  on.with.decide(what, question.text);
  const long before = allocations;
  for (int i = 0; i < 1000; ++i) on.with.decide(what, question.text);
  EXPECT_EQ(allocations, before);
}

TEST(Planner, WorkersAreThoseThatEndSoonest) {
  const host_model by(plain_host(8));
  EXPECT_EQ(by.best(some_work(1e4, 100).stages[0], 8).workers, 1) << "1 us, a fork takes 5";
  EXPECT_EQ(by.best(some_work(1e7, 100).stages[0], 8).workers, 8);
  EXPECT_EQ(by.best(some_work(1e7, 100).stages[0], 3).workers, 3);
  EXPECT_EQ(by.best(some_work(1e7, 100).stages[0], 1).workers, 1);
  host_profile crowded = plain_host(8);
  crowded.fork_us = {{2, 8}, {known(5), known(500)}};
  const int chosen = host_model(crowded).best(some_work(5e6, 100).stages[0], 8).workers;
  EXPECT_GT(chosen, 1);
  EXPECT_LT(chosen, 8) << "more workers are not always better";
}

TEST(Planner, WhatItExplainsIsWhatItDoes) {
  machine on(1e10, {.learns = false});
  for (double n = 8; n < 6000; n *= 1.7) {
    planned_task what(square_product(std::floor(n)), 1);
    const auto bytes = static_cast<std::int64_t>(n * n * 8);
    asked question;
    question.read(bytes, host).read(bytes, host).make(bytes).get();
    const reasoning reasons = on.with.explain(what, question.text);
    const decision made = on.with.decide(what, question.text);
    EXPECT_EQ(reasons.chosen.place, made.place);
    EXPECT_EQ(reasons.chosen.why, made.why);
    ASSERT_EQ(reasons.places.size(), 2U);
    for (const priced_place& each : reasons.places) {
      double sum = 0;
      for (const priced_term& term : each.terms) {
        sum += term.us;
        EXPECT_FALSE(term.from.empty());
      }
      EXPECT_NEAR(sum, each.total_us, 1e-6 * each.total_us) << each.place;
    }
    EXPECT_NEAR(reasons.places[static_cast<std::size_t>(made.place)].total_us, made.predicted_us,
                1e-9 * made.predicted_us);
    EXPECT_GE(reasons.margin, 0);
  }
}

}  // namespace
}  // namespace tandem::plan::testing
