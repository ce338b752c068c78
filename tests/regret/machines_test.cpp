#include "regret/machines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <tandem/creation.h>
#include <tandem/elementwise.h>
#include <tandem/manipulation.h>
#include <tandem/products.h>
#include <tandem/statistics.h>

#include "backend/simulated/costs.h"
#include "ops/compile.h"
#include "regret/host_costs.h"
#include "regret/virtual_subject.h"

// The made-up machines, against what must hold for any machine of their kind: a planner that is judged by nonsense
// would be chosen by nonsense.
namespace bench::regret {
namespace {

namespace simulation = tandem::backend::simulation;
using tandem::empty;
using tandem::expr;
using tandem::ndarray;

// Operands have no elements written, so that large ones take no memory.
tandem::ops::program program_of(const expr& what) { return tandem::ops::compile(what.node()).code; }

double best_on_host(const machine& on, const tandem::ops::program& what) {
  double best = INFINITY;
  for (int workers = 1; workers <= on.host->cores; ++workers) {
    best = std::min(best, host_program_us(*on.host, what, workers));
  }
  return best;
}

// With pinned operands that only the host has, and a result that it reads.
double on_device(const machine& on, const tandem::ops::program& what, std::int64_t bytes_in, std::int64_t bytes_out) {
  using enum tandem::plan::direction;
  constexpr auto pinned = tandem::plan::memory_kind::pinned;
  return device_copy_us(*on.device, to_device, pinned, bytes_in) + device_program_us(*on.device, what) +
         device_copy_us(*on.device, to_host, pinned, bytes_out);
}

TEST(Machines, AreDividedIntoThoseForChoosingAndThoseForTesting) {
  std::set<std::string_view> for_testing;
  std::set<std::string_view> others;
  for (const machine& each : machines()) {
    (each.is_for_testing ? for_testing : others).insert(each.name);
    EXPECT_EQ(&machine_called(each.name), &each);
    EXPECT_GE(each.host->cores, 1);
  }
  EXPECT_EQ(for_testing, (std::set<std::string_view>{"gen4-card", "laptop", "many-cores"}));
  EXPECT_EQ(others, (std::set<std::string_view>{"h200", "gen3-card", "coupled", "old-card"}));
  for (const machine& each : machines()) {
    for (const machine& other : machines()) {
      EXPECT_TRUE(each.device != other.device || each.is_for_testing == other.is_for_testing) << each.name;
    }
  }
  EXPECT_THROW(machine_called("none"), std::invalid_argument);
}

TEST(HostCosts, WorkersHelpLargeWorkAndHinderSmall) {
  const tandem::ops::program small = program_of(empty({100}) + empty({100}));
  const tandem::ops::program large = program_of(empty({1 << 27}) + empty({1 << 27}));
  const tandem::ops::program product = program_of(matmul(empty({2048, 2048}), empty({2048, 2048})));
  const tandem::ops::program small_product = program_of(matmul(empty({8, 8}), empty({8, 8})));
  for (const machine& each : machines()) {
    const host_table& host = *each.host;
    EXPECT_GT(host_program_us(host, small, host.cores), 2 * host_program_us(host, small, 1)) << each.name;
    EXPECT_LT(host_program_us(host, large, host.cores), 0.7 * host_program_us(host, large, 1)) << each.name;
    EXPECT_LT(host_program_us(host, product, host.cores), 2.5 / host.cores * host_program_us(host, product, 1))
        << each.name;
    EXPECT_GT(host_program_us(host, small_product, host.cores), host_program_us(host, small_product, 1)) << each.name;
    for (int workers = 1; workers <= host.cores; ++workers) {
      EXPECT_GT(host_program_us(host, small, workers), host.call_us);
      // No host has more than 1 TB/s of memory, and none here less than 10 GB/s.
      const double gb_per_s = 24e-3 * (1 << 27) / host_program_us(host, large, workers);
      EXPECT_GT(gb_per_s, 6) << each.name << ' ' << workers;
      EXPECT_LT(gb_per_s, 1000) << each.name << ' ' << workers;
    }
    EXPECT_EQ(host_program_us(host, program_of(-empty({0})), 1), host.call_us);
  }
}

// In a cache, the same bytes are there sooner.
TEST(HostCosts, CachesAreFasterThanMemory) {
  for (const machine& each : machines()) {
    const auto rate_of = [&](std::int64_t count) {
      return static_cast<double>(count) /
             (host_program_us(*each.host, program_of(-empty({count})), 1) - each.host->call_us);
    };
    EXPECT_GT(rate_of(1 << 13), 1.5 * rate_of(1 << 26)) << each.name;
  }
}

TEST(HostCosts, ElementsThatAreNoNeighboursTakeLong) {
  constexpr std::int64_t n = 4096;
  const ndarray x = empty({n, n}, tandem::float32);
  const ndarray wide = empty({n, 16 * n}, tandem::float32);
  for (const machine& each : machines()) {
    const double rows = host_program_us(*each.host, program_of(x + x), 1);
    EXPECT_GT(host_program_us(*each.host, program_of(x + matrix_transpose(x)), 1), 1.5 * rows) << each.name;
    const expr scattered = wide(tandem::all, tandem::slice(tandem::none, tandem::none, 16)) + x;
    EXPECT_GT(host_program_us(*each.host, program_of(scattered), 1), 3 * rows) << each.name;
  }
}

TEST(Machines, OfTheOldCardTheCpuAlwaysWins) {
  const machine& old = machine_called("old-card");
  for (std::int64_t n = 1; n <= (1 << 26); n *= 4) {
    const ndarray x = empty({n}, tandem::float32);
    for (const expr& each : {expr(x + x), sin(x), exp(x * x) - x, expr(x / x)}) {
      const tandem::ops::program what = program_of(each);
      EXPECT_LT(best_on_host(old, what), on_device(old, what, 4 * n, 4 * n)) << n;
    }
    EXPECT_LT(best_on_host(old, program_of(sum(x))), on_device(old, program_of(sum(x)), 4 * n, 4)) << n;
  }
  for (std::int64_t n = 2; n <= 8192; n *= 2) {
    for (const tandem::dtype type : {tandem::float32, tandem::float64}) {
      const ndarray x = empty({n, n}, type);
      const tandem::ops::program what = program_of(matmul(x, x));
      // Also where nothing has to be copied.
      EXPECT_LT(best_on_host(old, what), device_program_us(*old.device, what)) << n;
    }
  }
}

// Everywhere else, large products are worth a copy, and small ones are not.
TEST(Machines, OfOthersLargeProductsAreTheDevices) {
  for (const machine& each : machines()) {
    if (each.name == "old-card") continue;
    const auto gain_at = [&](std::int64_t n) {
      const ndarray x = empty({n, n}, tandem::float32);
      const tandem::ops::program what = program_of(matmul(x, x));
      return best_on_host(each, what) / on_device(each, what, 4 * n * n, 4 * n * n);
    };
    EXPECT_LT(gain_at(32), 0.5) << each.name;
    EXPECT_GT(gain_at(8192), 1.5) << each.name;
    // What streams from the host through the device and back is never worth it where the link is slower than memory.
    const ndarray x = empty({1 << 26}, tandem::float32);
    const tandem::ops::program adding = program_of(x + x);
    if (each.name == "coupled") continue;
    EXPECT_LT(best_on_host(each, adding), on_device(each, adding, 4 << 26, 4 << 26)) << each.name;
  }
}

}  // namespace
}  // namespace bench::regret
