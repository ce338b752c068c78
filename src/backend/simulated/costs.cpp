#include "backend/simulated/costs.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "backend/simulated/tables.h"
#include "core/layout.h"

namespace tandem::backend::simulation {

namespace {

/// Memory is fetched by so many bytes.
constexpr double sector_bytes = 32;
/// A reduction to fewer results, and a scan of longer lines, is two kernels.
constexpr std::int64_t few_results = 2048;
constexpr std::int64_t long_line = 4096;

// FNV-1a, then the finish of SplitMix64 by Sebastiano Vigna.
std::uint64_t hash_of(std::string_view machine, std::uint64_t number) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : machine) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ number) * 0x100000001b3;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

// How well a kernel suits the machine, 0.75 to 1.25: known to nobody who has not measured it.
double suits(std::string_view machine, std::uint64_t kernel) noexcept {
  return 0.75 + 0.5 * static_cast<double>(hash_of(machine, kernel) >> 11) * 0x1p-53;
}

// Numbers for kernels: those of element-wise operations as they are, then these.
enum : std::uint64_t {
  converting = 256,
  copying,
  reducing = 272,
  searching = 288,
  scanning = 304,
  multiplying = 320,
  repeating
};

std::uint64_t kernel_of(const ops::instruction& of) noexcept {
  return of.converts ? std::uint64_t{converting} : static_cast<std::uint64_t>(of.which);
}

const operation_rates& rates_for(const rate_table& all, dtype type) noexcept {
  const bool is_wide = item_size(real_part(type)) > 4;
  if (is_floating(type)) return is_wide ? all.float64 : all.float32;
  return is_wide ? all.int64 : all.int32;
}

double rate_of_row(const operation_rates& rates, int flops) noexcept {
  if (flops < 4) return rates.arithmetic;
  return flops < 10 ? rates.division : rates.special;
}

double parts_of(dtype type) noexcept { return is_complex(type) ? 4 : 1; }

// The axis along which neighbours lie, of those with more than one element that are not broadcast; -1 if there is none.
int fastest_axis(const detail::layout& at) noexcept {
  int fastest = -1;
  for (int axis = at.shape.size() - 1; axis >= 0; --axis) {
    if (at.shape[axis] < 2 || at.strides[axis] == 0) continue;
    if (fastest < 0 || std::abs(at.strides[axis]) < std::abs(at.strides[fastest])) fastest = axis;
  }
  return fastest;
}

double distinct_elements(const detail::layout& at) noexcept {
  double elements = 1;
  for (int axis = 0; axis < at.shape.size(); ++axis) {
    if (at.strides[axis] != 0 || at.shape[axis] == 0) elements *= static_cast<double>(at.shape[axis]);
  }
  return elements;
}

bool same(const ops::region& x, const ops::region& y) noexcept {
  return x.buffer == y.buffer && x.at.offset == y.at.offset && x.at.shape == y.at.shape && x.at.strides == y.at.strides;
}

// Adds up what a stage's kernels do.
class kernel_work {
 public:
  explicit kernel_work(const machine_profile& on) noexcept : profile_(on), table_(table_of(on.name)) {}

  // In ns, without what passes before a kernel does anything. Memory and arithmetic hinder one another where both have
  // to do, so that the whole takes a little more than the longer of the two.
  double ns() const noexcept {
    const double moving = bytes_ /
                          at_size(table_.memory_gb_per_s.data(), static_cast<int>(table_.memory_gb_per_s.size()),
                                  first_memory_log2, touched_bytes_) /
                          suits(profile_.name, kernel_);
    const double longer = std::max(moving, computing_ns_);
    const double shorter = std::min(moving, computing_ns_);
    if (longer <= 0) return 0;
    return longer * std::pow(1 + std::pow(shorter / longer, 4), 0.25);
  }

  void operator()(const ops::elementwise_stage& s) noexcept {
    const int axis = fastest_axis(s.target.at);
    kernel_ = s.chain.code.empty() ? std::uint64_t{copying} : kernel_of(s.chain.code.back());
    add(s.chain, axis);
    add(s.target, s.chain.type, axis);
  }
  void operator()(const ops::reduce_stage& s) noexcept {
    combine(s.chain, s.target, s.chain.type, reducing + static_cast<std::uint64_t>(s.which),
            static_cast<double>(ops::info(ops::info(s.which).combine).flops), &operation_rates::combining);
  }
  void operator()(const ops::arg_stage& s) noexcept {
    combine(s.chain, s.target, dtype::int64, searching + (s.largest ? 1 : 0), 1, &operation_rates::searching);
  }
  void operator()(const ops::scan_stage& s) noexcept {
    combine(s.chain, s.target, s.chain.type, scanning + static_cast<std::uint64_t>(s.which),
            static_cast<double>(ops::info(ops::info(s.which).combine).flops), &operation_rates::scanning);
    // Lines that several blocks share are read twice.
    bytes_ *= 1.5;
  }
  void operator()(const ops::matmul_stage& s) noexcept {
    const int rank = s.x.at.shape.size();
    const auto m = static_cast<double>(s.x.at.shape[rank - 2]);
    const auto k = static_cast<double>(s.x.at.shape[rank - 1]);
    const auto n = static_cast<double>(s.y.at.shape[rank - 1]);
    const double sums = distinct_elements(s.target.at) * k;
    if (sums == 0) return;
    kernel_ = multiplying;
    for (const ops::region* each : {&s.x, &s.y, &s.target}) add(*each, s.type, fastest_axis(each->at));
    const double operations = 2 * sums * parts_of(s.type);
    if (!is_floating(s.type)) {
      compute(operations, rates_for(table_.gops, s.type).counting, multiplying);
      return;
    }
    const bool is_wide = item_size(real_part(s.type)) > 4;
    const product_rates& rates = is_wide ? table_.product_gflops.float64 : table_.product_gflops.float32;
    // Many small ones fill a device better than one does, and long ones worse than cubes.
    const double batch = sums / (m * n * k);
    const double size = std::cbrt(m * n * k * std::pow(batch, 0.8));
    const double skew = std::max({m, n, k}) / std::min({m, n, k});
    const double rate = at_size(rates.data(), static_cast<int>(rates.size()), first_product_log2, size);
    compute(operations, rate * std::pow(skew, -0.1), multiplying + (is_wide ? 8 : 0));
  }
  void operator()(const ops::repeat_stage& s) noexcept {
    const int axis = fastest_axis(s.target.at);
    kernel_ = repeating;
    add(s.x, s.type, axis);
    add(s.ends, dtype::int64, fastest_axis(s.ends.at));
    add(s.target, s.type, axis);
    // Each element of the result looks for where it is from.
    const double steps = 1 + std::log2(std::max(2.0, distinct_elements(s.ends.at)));
    compute(distinct_elements(s.target.at) * steps, table_.gops.int64.searching, repeating);
  }

 private:
  void compute(double operations, double rate, std::uint64_t kernel) noexcept {
    computing_ns_ += operations / (rate * suits(profile_.name, kernel));
  }

  // A region that work along `axis` reads or writes.
  void add(const ops::region& at, dtype type, int axis) noexcept {
    const double bytes = distinct_elements(at.at) * static_cast<double>(item_size(type));
    touched_bytes_ += bytes;
    const int own = fastest_axis(at.at);
    if (own < 0) {
      bytes_ += bytes;
      return;
    }
    const double least_step = static_cast<double>(std::abs(at.at.strides[own]));
    double times = 1;
    if (least_step > 1) {
      times = std::min(least_step, std::max(1.0, sector_bytes / static_cast<double>(item_size(type)))) *
              table_.scattered_factor;
    }
    const bool is_across = axis >= 0 && axis != own && std::abs(at.at.strides[axis]) > 1;
    if (is_across) times *= table_.transposed_factor;
    bytes_ += bytes * times;
  }

  void add(const ops::fused_chain& chain, int axis) noexcept {
    const auto elements = static_cast<double>(core::size_of(chain.shape));
    for (std::size_t i = 0; i < chain.sources.size(); ++i) {
      const auto here = chain.sources.begin() + static_cast<std::ptrdiff_t>(i);
      if (std::any_of(chain.sources.begin(), here, [&](const ops::region& each) { return same(each, *here); }))
        continue;
      add(*here, chain.source_types[i], axis);
    }
    for (const ops::instruction& each : chain.code) {
      const int flops = each.converts ? 1 : ops::info(each.which).flops;
      compute(elements * flops * parts_of(each.operand_type),
              rate_of_row(rates_for(table_.gops, each.operand_type), flops), kernel_of(each));
    }
  }

  void combine(const ops::fused_chain& chain, const ops::region& target, dtype target_type, std::uint64_t kernel,
               double flops, double operation_rates::* rate) noexcept {
    // Along the neighbours of the largest operand.
    int axis = -1;
    double most = 0;
    for (const ops::region& each : chain.sources) {
      const double elements = distinct_elements(each.at);
      if (elements <= most) continue;
      most = elements;
      axis = fastest_axis(each.at);
    }
    kernel_ = kernel;
    add(chain, axis);
    add(target, target_type, -1);
    compute(static_cast<double>(core::size_of(chain.shape)) * flops * parts_of(chain.type),
            rates_for(table_.gops, chain.type).*rate, kernel);
  }

  const machine_profile& profile_;
  const machine_table& table_;
  std::uint64_t kernel_ = copying;
  /// Of distinct elements, and what comes and goes for them.
  double touched_bytes_ = 0;
  double bytes_ = 0;
  double computing_ns_ = 0;
};

}  // namespace

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

double stage_us(const machine_profile& on, const ops::stage& of) noexcept {
  kernel_work work(on);
  std::visit(work, of);
  const double ns = work.ns();
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
