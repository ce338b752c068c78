#include "regret/host_costs.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "backend/simulated/costs.h"
#include "backend/simulated/tables.h"

namespace bench::regret {

namespace {

namespace simulation = tandem::backend::simulation;
using simulation::stage_counts;

/// Memory is fetched by so many bytes.
constexpr double line_bytes = 64;
/// What is shared out among workers has at least so many bytes for each.
constexpr double least_share_bytes = 4096;
/// Elements that lie across are fetched by blocks of both axes, which helps so much.
constexpr double across = 0.3;

double at_workers(const by_workers& values, double workers) noexcept {
  return simulation::at_size(values.data(), worker_points, 0, workers);
}

// Where `footprint` lies among the rows of a table, as a number of rows.
double row_of(double footprint) noexcept {
  return std::clamp((std::log2(std::max(footprint, 1.0)) - 12) / 2, 0.0, footprint_points - 1.0);
}

template <class At>
double between_rows(double row, At&& at) noexcept {
  const int below = std::min(static_cast<int>(row), footprint_points - 2);
  const double low = at(below);
  return low * std::pow(at(below + 1) / low, row - below);
}

const operation_rates& rates_for(const host_rates& all, tandem::dtype type) noexcept {
  const bool is_wide = item_size(real_part(type)) > 4;
  if (is_floating(type)) return is_wide ? all.float64 : all.float32;
  return is_wide ? all.int64 : all.int32;
}

double moving_ns(const stage_counts& of, const host_table& on, double workers) noexcept {
  const double row = row_of(of.touched_bytes());
  double bytes = 0;
  double gathered = 0;
  for (const simulation::memory_access& each : of.accesses) {
    double times = 1;
    if (each.step > 1) times = std::min(each.step, std::max(1.0, line_bytes / each.item_bytes));
    bytes += each.bytes * times;
    if (each.step > 1) gathered += each.bytes / each.item_bytes;
    if (each.is_across && each.step <= 1) gathered += across * each.bytes / each.item_bytes;
  }
  const double rate =
      between_rows(row, [&](int i) { return at_workers(on.gb_per_s[static_cast<std::size_t>(i)], workers); });
  const double fetched = between_rows(row, [&](int i) { return on.gathered_per_ns[static_cast<std::size_t>(i)]; });
  return bytes / rate + gathered / (fetched * at_workers(on.speedup, workers));
}

double computing_ns(const stage_counts& of, const host_table& on, std::string_view hidden, double workers) noexcept {
  double ns = 0;
  for (const simulation::computation& each : of.computations) {
    const double rate = rates_for(on.gops, each.type)[static_cast<std::size_t>(each.kind)];
    ns += each.operations / (rate * simulation::suits(hidden, each.kernel));
  }
  return ns / at_workers(on.speedup, workers);
}

// The table is of products themselves, which are near to what the hardware can do: no factor on top of it.
double multiplying_ns(const stage_counts& of, const host_table& on, double workers) noexcept {
  const auto& alone = item_size(real_part(of.type)) > 4 ? on.product_gflops_64 : on.product_gflops_32;
  const double one = std::cbrt(of.m * of.n * of.k);
  const double all = std::cbrt(of.m * of.n * of.k * of.batch);
  const double rate = simulation::at_size(alone.data(), product_points, first_product_log2, one);
  const double place = std::clamp(std::log2(std::max(all, 1.0)) - first_product_log2, 0.0, product_points - 1.0);
  const int below = std::min(static_cast<int>(place), product_points - 2);
  const double low = at_workers(on.product_speedup[static_cast<std::size_t>(below)], workers);
  const double high = at_workers(on.product_speedup[static_cast<std::size_t>(below) + 1], workers);
  const double faster = low * std::pow(high / low, place - below);
  const double skew = std::max({of.m, of.n, of.k}) / std::min({of.m, of.n, of.k});
  return of.product_operations() / (rate * faster * std::pow(skew, -0.06));
}

}  // namespace

double host_stage_us(const host_table& on, const tandem::ops::stage& of, int workers) {
  const stage_counts counts = simulation::counts_of(of);
  const double touched = counts.touched_bytes();
  if (touched == 0) return 0;
  const std::string hidden = "host of " + std::string(on.name);
  const double asked = std::clamp(workers, 1, on.cores);
  if (counts.is_product()) {
    const double ns = multiplying_ns(counts, on, asked);
    return 1e-3 * simulation::at_once_ns(ns, moving_ns(counts, on, asked));
  }
  // Those who get nothing are forked and waited for all the same. A scan's parts wait for one another.
  double useful = std::min(asked, std::max(1.0, touched / least_share_bytes));
  if (counts.is_scan) useful = std::max(1.0, useful / 2);
  const double moving = moving_ns(counts, on, useful) / simulation::suits(hidden, counts.kernel);
  const double ns = simulation::at_once_ns(moving, computing_ns(counts, on, hidden, useful));
  return 1e-3 * ns + (asked > 1 ? at_workers(on.fork_us, asked) : 0);
}

double host_program_us(const host_table& on, const tandem::ops::program& of, int workers) {
  double us = on.call_us;
  for (const tandem::ops::stage& each : of.stages) us += host_stage_us(on, each, workers);
  return us;
}

}  // namespace bench::regret
