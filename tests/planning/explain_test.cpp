#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "planning/candidates.h"
#include "support/elements.h"

// What explanations say. The devices are chosen so far from the crossover that every machine's cores decide alike.
namespace tandem::testing {
namespace {

ndarray matrix(std::int64_t n) { return placeholder({n, n}, float32); }

bool has_term(const place_candidate& of, const std::string& name) {
  return std::ranges::any_of(of.terms, [&](const cost_term& each) { return each.name.starts_with(name); });
}

TEST(Explain, SmallProductsStayAndLargeOnesGo) {
  const with_candidates candidates{sim};
  for (const std::int64_t n : {1, 16, 64}) {
    const explanation why = explain(matmul(matrix(n), matrix(n)), alone);
    EXPECT_EQ(chosen_of(why).place, device::cpu) << why;
  }
  for (const std::int64_t n : {2048, 4096, 8192}) {
    const explanation why = explain(matmul(matrix(n), matrix(n)), alone);
    EXPECT_EQ(chosen_of(why).place, sim) << why;
    EXPECT_EQ(why.cause, "compute-bound") << why;
  }
}

TEST(Explain, TermsAddUpToTheTotal) {
  const with_candidates candidates{sim, slow_link};
  const ndarray there = eval(ones({1000, 1000}) * 2, {.device = sim});
  const ndarray here = ones({1000, 1000});
  const expr programs[] = {
      matmul(matrix(300), matrix(300)),
      sum(exp(placeholder({1'000'000}, float64)) * 2, {0}),
      expr(there) + here,
      mean(matmul(here, there), {0}),
      expr(here)(slice(0, 5)) + 1,
  };
  for (const expr& each : programs) {
    const explanation why = explain(each);
    ASSERT_EQ(why.candidates.size(), 3U);
    EXPECT_EQ(why.candidates[0].place, device::cpu);
    EXPECT_GE(why.candidates[0].workers, 1);
    for (const place_candidate& place : why.candidates) {
      double sum_us = 0;
      for (const cost_term& term : place.terms) {
        EXPECT_TRUE(std::isfinite(term.us)) << term.name;
        EXPECT_FALSE(term.name.empty());
        EXPECT_FALSE(term.from.empty()) << term.name;
        sum_us += term.us;
      }
      EXPECT_GT(place.total_us, 0);
      EXPECT_NEAR(sum_us, place.total_us, 1e-9 * place.total_us) << why;
    }
  }
}

TEST(Explain, TheMarginIsThatOfTheNextBest) {
  const with_candidates candidates{sim, slow_link};
  const explanation why = explain(matmul(matrix(4096), matrix(4096)), alone);
  double next_us = INFINITY;
  for (const place_candidate& each : why.candidates) {
    if (each.place != chosen_of(why).place) next_us = std::min(next_us, each.total_us);
  }
  EXPECT_NEAR(why.margin, next_us / chosen_of(why).total_us - 1, 1e-9);
}

TEST(Explain, NamesWhatItIsAbout) {
  EXPECT_EQ(explain(matmul(matrix(5), placeholder({5, 7}, float64))).what, "matmul: float64 (5, 7)");
  EXPECT_EQ(explain(sum(placeholder({5}, int8))).what, "sum: int64 ()");
}

TEST(Explain, WithoutDevicesTheCpuIsTheOnlyPlace) {
  const with_candidates none{};
  const explanation why = explain(matmul(matrix(4096), matrix(4096)));
  ASSERT_EQ(why.candidates.size(), 1U) << why;
  EXPECT_EQ(why.cause, "only-place");
  EXPECT_EQ(why.candidates[0].why_not, "");
  EXPECT_TRUE(std::isinf(why.margin));
  EXPECT_TRUE(mentions(to_string(why), {"matmul: float32 (4096, 4096)", "* cpu", "call", "chosen: cpu (only-place)"}));
}

TEST(Explain, WorkOfTensOfNanosecondsIsBoundByTheLaunch) {
  const with_candidates candidates{sim};
  const ndarray few = ones({8});
  const explanation why = explain(expr(few) + 1, alone);
  EXPECT_EQ(chosen_of(why).place, device::cpu);
  EXPECT_EQ(why.cause, "launch-bound") << why;
}

TEST(Explain, WhatALinkCannotPayIsBoundByTransfers) {
  const with_candidates candidates{slow_link};
  const ndarray a = placeholder({4'000'000}, float64);
  const explanation why = explain(expr(a) + expr(placeholder({4'000'000}, float64)));
  EXPECT_EQ(chosen_of(why).place, device::cpu);
  EXPECT_EQ(why.cause, "transfer-bound") << why;
  ASSERT_EQ(why.candidates.size(), 2U);
  EXPECT_EQ(std::ranges::count_if(why.candidates[1].terms,
                                  [](const cost_term& each) { return each.name.starts_with("copy in"); }),
            2);
  EXPECT_TRUE(has_term(why.candidates[1], "copy back"));
}

TEST(Explain, WorkOnAPartOfAnArrayThatIsThereStaysThere) {
  const with_candidates candidates{sim};
  const ndarray there = eval(ones({4'000'000}) * 2, {.device = sim});
  ASSERT_FALSE(there.is_on(device::cpu));
  const explanation why = explain(expr(there(slice(0, 10))) + 1, alone);
  EXPECT_EQ(chosen_of(why).place, sim);
  EXPECT_EQ(why.cause, "resident") << why;
  EXPECT_TRUE(has_term(why.candidates[0], "copy to the host")) << why;
  EXPECT_FALSE(has_term(why.candidates[1], "copy in")) << why;
  EXPECT_FALSE(there.is_on(device::cpu)) << "nothing is copied for an explanation";
}

TEST(Explain, ADeviceThatIsNoCandidateButHasAnOperandIsOne) {
  const ndarray there = eval(ones({4'000'000}) * 2, {.device = sim});
  const with_candidates none{};
  const explanation why = explain(expr(there) * there, alone);
  ASSERT_EQ(why.candidates.size(), 2U) << why;
  EXPECT_EQ(why.candidates[1].place, sim);
  const ndarray here = ones({3});
  EXPECT_EQ(explain(expr(here) + 1).candidates.size(), 1U);
}

TEST(Explain, WhatDoesNotFitIntoADevicesMemoryStays) {
  // Of its own: how much is free is not asked for anew each time.
  const device filled = device::simulated("h200:32");
  const with_candidates candidates{filled};
  const expr product = matmul(matrix(4096), matrix(4096));
  limit_simulated_memory(to_string(filled), 3 * 4096 * 4096 * 4);
  EXPECT_EQ(chosen_of(explain(product, alone)).place, filled);
  limit_simulated_memory(to_string(filled), 3 * 4096 * 4096 * 4 - 1);
  const explanation why = explain(product, alone);
  EXPECT_EQ(chosen_of(why).place, device::cpu);
  EXPECT_EQ(why.cause, "no-memory") << why;
  ASSERT_EQ(why.candidates.size(), 2U);
  EXPECT_TRUE(mentions(why.candidates[1].why_not, {"201326591"})) << why.candidates[1].why_not;
  EXPECT_TRUE(std::isinf(why.margin));
  EXPECT_TRUE(mentions(to_string(why), {"not possible", "(simulated)"})) << why;
}

TEST(Explain, APolicysMemoryCountsToo) {
  const with_candidates candidates{sim};
  const expr product = matmul(matrix(4096), matrix(4096));
  const explanation why = explain(product, {.workers = 1, .device_memory_bytes = 1000});
  EXPECT_EQ(chosen_of(why).place, device::cpu);
  EXPECT_EQ(why.cause, "no-memory") << why;
  const explanation demanded = explain(product, {.device = sim, .device_memory_bytes = 1000});
  EXPECT_EQ(demanded.cause, "forced");
  EXPECT_TRUE(mentions(chosen_of(demanded).why_not, {"1000 bytes"})) << demanded;
}

TEST(Explain, APlaceThatThePolicyDemandsIsForced) {
  const with_candidates candidates{sim};
  const expr large = matmul(matrix(8192), matrix(8192));
  const explanation here = explain(large, {.workers = 1, .device = device::cpu});
  EXPECT_EQ(chosen_of(here).place, device::cpu);
  EXPECT_EQ(here.cause, "forced");
  ASSERT_EQ(here.candidates.size(), 2U);
  EXPECT_NE(here.candidates[1].why_not, "");
  EXPECT_LT(here.candidates[1].total_us, here.candidates[0].total_us) << "what it would have taken is told";
  const explanation there = explain(expr(matrix(2)) + 1, {.device = sim});
  EXPECT_EQ(chosen_of(there).place, sim);
  EXPECT_EQ(there.cause, "forced");
  const scoped_policy scope({.device = device::cpu});
  EXPECT_EQ(explain(large).cause, "forced");
}

TEST(Explain, TransfersThatAreForbiddenDecide) {
  const with_candidates candidates{sim};
  const ndarray there = eval(ones({10}) * 2, {.device = sim});
  const explanation why = explain(expr(there) + 1, {.transfers = transfers::forbidden});
  EXPECT_EQ(chosen_of(why).place, sim);
  const ndarray here = ones({2000, 2000}, float32);
  EXPECT_EQ(chosen_of(explain(matmul(here, here), {.workers = 1})).place, sim);
  EXPECT_EQ(chosen_of(explain(matmul(here, here), {.workers = 1, .transfers = transfers::forbidden})).place,
            device::cpu);
}

TEST(Explain, AKernelThatMustBeCompiledIsPricedOnce) {
  const with_candidates candidates{small};
  set_simulated_faults(to_string(small), {.compile_us = 5e6});
  const ndarray a = placeholder({2000, 1999}, float32);
  const expr sums = sum(exp(a) * exp(sin(a)), {1});
  const explanation cold = explain(sums, {.device = small});
  set_simulated_faults(to_string(small), {});
  ASSERT_TRUE(has_term(chosen_of(cold), "compile")) << cold;
  EXPECT_GE(chosen_of(cold).total_us, 5e6);
  EXPECT_FALSE(has_term(chosen_of(explain(sums, {.device = small})), "compile"));
}

TEST(Explain, WhereThereIsNothingToCompute) {
  const with_candidates candidates{sim};
  const ndarray a = ones({10});
  EXPECT_TRUE(mentions(explain(a).reason, {"nothing to compute"}));
  EXPECT_TRUE(mentions(explain(expr(a)(slice(2, 5))).reason, {"nothing to compute"}));
  const expr doubled = expr(a) * 2;
  EXPECT_FALSE(mentions(explain(doubled).reason, {"nothing to compute"}));
  const ndarray kept = eval(doubled);
  EXPECT_TRUE(mentions(explain(doubled).reason, {"nothing to compute"}));
}

TEST(Explain, ArraysWithoutElements) {
  const with_candidates candidates{sim};
  for (const dims& shape : {dims{0}, dims{3, 0}, dims{}}) {
    const explanation why = explain(expr(placeholder(shape, float64)) + 1);
    EXPECT_EQ(chosen_of(why).place, device::cpu) << to_string(shape);
    EXPECT_TRUE(std::isfinite(why.candidates[1].total_us));
  }
}

TEST(Explain, ErrorsAreThoseOfEvaluating) {
  const ndarray a = ones({3});
  const expr sum_of = expr(a) + 1;
  EXPECT_THROW(explain(sum_of, {.workers = 0}), policy_error);
  EXPECT_THROW(explain(sum_of, {.device = device::simulated("no-such-machine")}), device_error);
  EXPECT_THROW(explain(sum_of, {.device = device::gpu(97)}), device_error);
  a.assign(expr(a) * 2);
  EXPECT_THROW(explain(sum_of), stale_expression);
}

TEST(Explain, IsWrittenAsText) {
  const explanation why = explain(matmul(matrix(64), matrix(64)));
  std::ostringstream out;
  out << why;
  EXPECT_EQ(out.str(), to_string(why));
  EXPECT_EQ(out.str().back(), '\n');
}

}  // namespace
}  // namespace tandem::testing
