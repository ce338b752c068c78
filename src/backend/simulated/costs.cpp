#include "backend/simulated/costs.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "backend/simulated/stage_counts.h"
#include "backend/simulated/tables.h"
#include "core/layout.h"

namespace tandem::backend::simulation {

namespace {

/// Memory is fetched by so many bytes.
constexpr double sector_bytes = 32;
/// A reduction to fewer results, and a scan of longer lines, is two kernels.
constexpr std::int64_t few_results = 2048;
constexpr std::int64_t long_line = 4096;

const operation_rates& rates_for(const rate_table& all, dtype type) noexcept {
  const bool is_wide = item_size(real_part(type)) > 4;
  if (is_floating(type)) return is_wide ? all.float64 : all.float32;
  return is_wide ? all.int64 : all.int32;
}

// Bytes that come and go for a region, with what is fetched in vain.
double fetched_bytes(const memory_access& at, const machine_table& table) noexcept {
  double times = 1;
  if (at.step > 1) times = std::min(at.step, std::max(1.0, sector_bytes / at.item_bytes)) * table.scattered_factor;
  if (at.is_across) times *= table.transposed_factor;
  return at.bytes * times;
}

double moving_ns(const stage_counts& of, const machine_profile& on, const machine_table& table) noexcept {
  double bytes = 0;
  for (const memory_access& each : of.accesses) bytes += fetched_bytes(each, table);
  // Lines that several blocks share are read twice.
  if (of.is_scan) bytes *= 1.5;
  const double rate = at_size(table.memory_gb_per_s.data(), static_cast<int>(table.memory_gb_per_s.size()),
                              first_memory_log2, of.touched_bytes());
  return bytes / (rate * suits(on.name, of.kernel));
}

// The table is of products themselves, which are near to what the hardware can do: no factor on top of it.
double multiplying_ns(const stage_counts& of, const machine_table& table) noexcept {
  const bool is_wide = item_size(real_part(of.type)) > 4;
  const product_rates& rates = is_wide ? table.product_gflops.float64 : table.product_gflops.float32;
  // Many small ones fill a device better than one does, and long ones worse than cubes.
  const double size = std::cbrt(of.m * of.n * of.k * std::pow(of.batch, 0.8));
  const double skew = std::max({of.m, of.n, of.k}) / std::min({of.m, of.n, of.k});
  const double rate = at_size(rates.data(), static_cast<int>(rates.size()), first_product_log2, size);
  return of.product_operations() / (rate * std::pow(skew, -0.1));
}

double computing_ns(const stage_counts& of, const machine_profile& on, const machine_table& table) noexcept {
  if (of.is_product()) return multiplying_ns(of, table);
  double ns = 0;
  for (const computation& each : of.computations) {
    const double rate = rates_for(table.gops, each.type)[static_cast<std::size_t>(each.kind)];
    ns += each.operations / (rate * suits(on.name, each.kernel));
  }
  return ns;
}

}  // namespace

double at_once_ns(double one, double other) noexcept {
  const double longer = std::max(one, other);
  if (longer <= 0) return 0;
  return longer * std::pow(1 + std::pow(std::min(one, other) / longer, 4), 0.25);
}

int kernels_of(const ops::stage& of) noexcept {
  const auto combines_in_two = [](const ops::fused_chain& chain, const ops::region& target) {
    const std::int64_t results = core::size_of(target.at.shape);
    return results < few_results && core::size_of(chain.shape) > long_line * std::max<std::int64_t>(results, 1);
  };
  if (const auto* s = std::get_if<ops::reduce_stage>(&of)) return combines_in_two(s->chain, s->target) ? 2 : 1;
  if (const auto* s = std::get_if<ops::arg_stage>(&of)) return combines_in_two(s->chain, s->target) ? 2 : 1;
  if (const auto* s = std::get_if<ops::scan_stage>(&of)) {
    const std::int64_t line = s->axis == ops::every_axis ? core::size_of(s->chain.shape) : s->chain.shape[s->axis];
    return line > long_line ? 2 : 1;
  }
  return 1;
}

double stage_us(const machine_profile& on, const ops::stage& of) {
  const machine_table& table = table_of(on.name);
  const stage_counts counts = counts_of(of);
  const double ns = at_once_ns(moving_ns(counts, on, table), computing_ns(counts, on, table));
  return ns > 0 ? on.kernel_start_us * kernels_of(of) + ns * 1e-3 : 0;
}

double copy_us(const machine_profile& on, copy_direction to, bool is_pinned, std::int64_t bytes) noexcept {
  if (bytes <= 0) return 0;
  const machine_table& table = table_of(on.name);
  const copy_table& way = to == copy_direction::to_device ? table.to_device : table.to_host;
  const copy_times& times = is_pinned ? way.pinned_us : way.pageable_us;
  const auto count = static_cast<int>(times.size());
  const double last = std::ldexp(1.0, first_copy_log2 + count - 1);
  const auto size = static_cast<double>(bytes);
  return at_size(times.data(), count, first_copy_log2, size) * std::max(1.0, size / last);
}

// Assumed: the system takes a quarter of a microsecond for each page of 4 KiB that is in memory already.
double pin_us(std::int64_t bytes) noexcept { return 6 + 0.25 * std::ceil(static_cast<double>(bytes) / 4096); }

}  // namespace tandem::backend::simulation
