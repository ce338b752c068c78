#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "planning/candidates.h"
#include "support/elements.h"

// Evaluations go where explanations say, and give the same there.
namespace tandem::testing {
namespace {

TEST(Placement, EvaluationsGoWhereExplanationsSay) {
  const with_candidates candidates{sim};
  random_numbers random(61);
  int here = 0;
  int there = 0;
  for (const std::int64_t n : {1, 7, 32, 900, 1300}) {
    const ndarray a = random_array(float32, {n, n}, random);
    const ndarray b = random_array(float32, {n, n}, random);
    const expr made[] = {matmul(a, b), expr(a) * 2 - b, sum(matmul(a, b) + 1, {0}), expr(a)(slice(0, 1)) + b};
    for (const expr& each : made) {
      const device expected = chosen_of(explain(each, alone)).place;
      const ndarray result = eval(each, alone);
      EXPECT_TRUE(result.is_on(expected)) << n << ": " << explain(each, alone);
      (expected == device::cpu ? here : there) += 1;
    }
  }
  EXPECT_GT(here, 0);
  EXPECT_GT(there, 0);
}

TEST(Placement, ResultsAreTheCpus) {
  random_numbers random(62);
  const ndarray a = random_array(float64, {700, 1100}, random);
  const ndarray b = random_array(float64, {1100, 900}, random);
  const auto programs = [&] {
    return std::vector<expr>{matmul(a, b), sum(matmul(a, b)(all, slice(1, 700, 3)), {1}),
                             matmul(expr(a) * 2 + 1, expr(b) / 4)};
  };
  std::vector<ndarray> expected;
  for (const expr& each : programs()) expected.push_back(eval(each, {.device = device::cpu}));
  const with_candidates candidates{sim};
  const std::vector<expr> again = programs();
  bool went = false;
  for (std::size_t i = 0; i < again.size(); ++i) {
    const ndarray result = eval(again[i], alone);
    went = went || result.is_on(sim);
    EXPECT_TRUE(same(result, expected[i])) << i;
  }
  EXPECT_TRUE(went);
}

TEST(Placement, AssignmentsGoToTheTargetsMemory) {
  const with_candidates candidates{sim};
  const ndarray target = eval(ones({2000, 2000}, float32) * 3, {.device = sim});
  const ndarray a = ones({2000, 2000}, float32);
  target.assign(matmul(a, a), alone);
  EXPECT_TRUE(target.is_on(sim));
  EXPECT_EQ(target.at<const float>({1999, 3}), 2000);
}

// Each round alone would not pay for copying the array.
TEST(Placement, ALoopMovesTheArrayThatItReadsAgainAndAgainOnce) {
  const with_candidates candidates{slow_link};
  const ndarray large = ones({4'000'000});
  ASSERT_EQ(chosen_of(explain(sum(expr(large) * 2), alone)).place, device::cpu);
  const transfer_count before = transfers_so_far();
  int rounds_here = 0;
  for (int i = 0; i < 200; ++i) {
    rounds_here += large.is_on(slow_link) ? 0 : 1;
    ASSERT_EQ(eval(sum(expr(large) * i), alone).item<double>(), 4e6 * i);
  }
  EXPECT_GT(rounds_here, 1);
  EXPECT_LT(rounds_here, 190);
  EXPECT_TRUE(large.is_on(slow_link));
  const transfer_count after = transfers_so_far();
  EXPECT_EQ((after.to_devices_bytes - before.to_devices_bytes) / large.size_bytes(), 1) << "it went there once";
  EXPECT_LT(after.to_host_bytes - before.to_host_bytes, large.size_bytes()) << "and did not come back";
}

// An explanation knows of the evaluations before what the planner does.
TEST(Placement, ExplanationsKnowWhatALoopTaught) {
  const with_candidates candidates{slow_link};
  // Evaluations neither explore then nor learn from times in between.
  set_learning(learning::off);
  const auto work = [](const ndarray& large) { return sum(expr(large) * 3 + expr(large) * expr(large)); };
  for (int round = 0; round < 2; ++round) {
    const ndarray large = ones({4'000'000});
    int elsewhere = 0;
    for (int i = 0; i < 120; ++i) {
      const explanation why = explain(work(large), alone);
      const ndarray made = eval(work(large), alone);
      if (!made.is_on(chosen_of(why).place)) ++elsewhere;
    }
    EXPECT_EQ(elsewhere, 0);
  }
  // The loop's arrays are read again and again, so that the next one moves sooner.
  const ndarray next = ones({4'000'000});
  next.data<double>()[0] = 1;
  const explanation why = explain(work(next), alone);
  const auto& terms = why.candidates.at(1).terms;
  EXPECT_TRUE(std::ranges::any_of(terms, [](const cost_term& each) { return each.name == "reuse"; })) << why;
  EXPECT_TRUE(eval(work(next), alone).is_on(chosen_of(why).place)) << why;
  set_learning(learning::on);
}

// By work of which no loop has taught that its operands are read again.
TEST(Placement, AnArrayThatIsUsedOnceDoesNotMove) {
  const with_candidates candidates{slow_link};
  for (int i = 0; i < 20; ++i) {
    // Made on the host: the planner makes arrays where later evaluations want them.
    const ndarray large = eval(ones({4'000'000}) * 1, {.device = device::cpu});
    large.data<double>()[0] = 1;
    ASSERT_EQ(eval(sum(expr(large) - 2), alone).item<double>(), -4e6);
    EXPECT_FALSE(large.is_on(slow_link)) << i;
  }
}

TEST(Placement, ArraysThatAreAssignedToByTurnsGoWhereTheWorkIsFaster) {
  const with_candidates candidates{slow_link};
  ndarray u, v;
  {
    const scoped_policy here({.device = device::cpu});
    u = ones({4'000'000});
    v = ones({4'000'000});
  }
  // Nobody reads them in between, so they need not come back each time.
  for (int i = 0; i < 60; ++i) {
    v.assign(expr(u) * 0.5 + 0.5, alone);
    u.assign(expr(v) * 0.5 + 0.5, alone);
  }
  EXPECT_TRUE(u.is_on(slow_link));
  EXPECT_EQ(u.at<const double>({3'999'999}), 1);
}

TEST(Placement, ADeviceThatFailsIsNoPlaceToGo) {
  const with_candidates candidates{small};
  const ndarray a = ones({1500, 1500}, float32);
  ASSERT_EQ(chosen_of(explain(matmul(a, a), alone)).place, small);
  limit_simulated_memory(to_string(small), 1000);
  const ndarray product = eval(matmul(a, a), alone);
  EXPECT_TRUE(product.is_on(device::cpu));
  EXPECT_EQ(product.at<const float>({1499, 0}), 1500);
  limit_simulated_memory(to_string(small), std::int64_t{1} << 30);
  // Its memory ran out without the planner's knowing it.
  set_simulated_faults(to_string(small), {.fail_allocation = 1});
  const ndarray again = eval(matmul(a, a) * 2, alone);
  set_simulated_faults(to_string(small), {});
  EXPECT_EQ(again.at<const float>({0, 1499}), 3000);
}

}  // namespace
}  // namespace tandem::testing
