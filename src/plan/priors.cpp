#include "plan/priors.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "plan/limits.h"

namespace tandem::plan {

namespace {

// A measurement elsewhere says so much of this machine: a factor of two is no surprise for a kind of machine.
// Explanations show it; no decision depends on it.
constexpr double sigma_of_kind = 0.4;
constexpr double sigma_of_same_processor = 0.15;
constexpr double sigma_of_hint = 0.25;
constexpr double sigma_of_usual = 0.5;

// Rates of one core, by the columns of `operations_per_s`: elements of up to 4 bytes, and of more.
struct pair_of_widths {
  double narrow;
  double wide;
};

struct host_kind {
  std::string_view source;
  bool is_same_processor;
  // Where the system does not say.
  double core_cache_bytes;
  double shared_cache_bytes;
  double call_us;
  // With two workers, and what each worker more adds.
  double fork_us;
  double fork_more_us;
  // Bytes per second of one core: own caches, shared cache, memory; and what all cores of a machine get of memory.
  double core_cache_bytes_per_s;
  double shared_cache_bytes_per_s;
  double memory_bytes_per_s;
  double machine_memory_bytes_per_s;
  // Operations per second of one core, by class.
  pair_of_widths operations[work_class_count];
  // The part of a core that each further worker adds where no memory is in the way: clocks fall with busy cores.
  double efficiency;
};

// How much of the best rate products reach with one worker, by the cube root of m * n * k: OpenBLAS 0.3.21 and our own
// loops for small ones, on the AMD EPYC below.
constexpr double product_at[] = {8, 32, 128, 512, 2048};
constexpr double product_part[] = {0.4, 0.95, 1, 0.93, 0.85};

// AMD EPYC of family 26, 2 cores of a virtual machine, 2026-11: medians of five runs of `tandem calibrate`. What cores
// more than two add is not known of it.
constexpr host_kind zen_5{.source = "AMD EPYC (Zen 5), 2 virtual cores, measured 2026-11",
                          .is_same_processor = true,
                          .core_cache_bytes = 1 << 20,
                          .shared_cache_bytes = 32 << 20,
                          .call_us = 0.05,
                          .fork_us = 1.5,
                          .fork_more_us = 0.1,
                          .core_cache_bytes_per_s = 2.2e11,
                          .shared_cache_bytes_per_s = 1e11,
                          .memory_bytes_per_s = 5e10,
                          .machine_memory_bytes_per_s = 4e11,
                          .operations = {{4e10, 2.3e10},
                                         {6.9e10, 2.1e10},
                                         {6e10, 2.5e10},
                                         {2.8e10, 1.6e10},
                                         {2.4e10, 1.7e10},
                                         {9.1e8, 1.65e9},
                                         {2.4e11, 1.2e11},
                                         {3.2e10, 1.9e10},
                                         {2.8e9, 2.6e9},
                                         {4.2e9, 3.1e9}},
                          .efficiency = 0.97};

// Of the kinds below, whatever their comments do not name is the Zen 5's by the clock, and for calls and forks about
// twice that: their cores are further apart. Forks of libomp 19 with two workers took 0.6 us on the Zen 5 and 1 us on
// an Intel Cascade Lake.

// Memory: published STREAM figures of two-socket servers with 8 channels of DDR4-3200 a socket are 300 to 350 GB/s, and
// 12 to 15 GB/s of one core. Arithmetic: that of the Zen 5 with 3/5 of its clock and vectors of half the width.
constexpr host_kind x86_server{
    .source = "generic x86-64 server, scaled from an AMD EPYC (Zen 5) measured 2026-11 and published STREAM figures",
    .is_same_processor = false,
    .core_cache_bytes = 1 << 20,
    .shared_cache_bytes = 32 << 20,
    .call_us = 0.1,
    .fork_us = 3,
    .fork_more_us = 0.15,
    .core_cache_bytes_per_s = 8e10,
    .shared_cache_bytes_per_s = 3e10,
    .memory_bytes_per_s = 1.3e10,
    .machine_memory_bytes_per_s = 1.5e11,
    .operations = {{1.2e10, 7e9},
                   {1.5e10, 6e9},
                   {1.8e10, 8e9},
                   {1e10, 5e9},
                   {8e9, 5e9},
                   {5.5e8, 1e9},
                   {8.5e10, 4.2e10},
                   {9e9, 5e9},
                   {1.4e9, 1.3e9},
                   {2.1e9, 1.5e9}},
    .efficiency = 0.92};

// Memory: two channels of DDR4-3200 to DDR5-5600 carry 51 to 90 GB/s at most, of which about 80 % are reached, half of
// that by one core. Arithmetic: that of the Zen 5 with its clock and vectors of half the width.
constexpr host_kind x86_desktop{
    .source = "generic x86-64 desktop, scaled from an AMD EPYC (Zen 5) measured 2026-11 and the rates of DDR memory",
    .is_same_processor = false,
    .core_cache_bytes = 1 << 20,
    .shared_cache_bytes = 16 << 20,
    .call_us = 0.06,
    .fork_us = 2,
    .fork_more_us = 0.15,
    .core_cache_bytes_per_s = 1.3e11,
    .shared_cache_bytes_per_s = 5e10,
    .memory_bytes_per_s = 2.5e10,
    .machine_memory_bytes_per_s = 5e10,
    .operations = {{2.2e10, 1.2e10},
                   {2.8e10, 9e9},
                   {3e10, 1.3e10},
                   {1.5e10, 8e9},
                   {1.3e10, 8e9},
                   {9e8, 1.6e9},
                   {1.3e11, 6.5e10},
                   {1.6e10, 9e9},
                   {2.3e9, 2.1e9},
                   {3.5e9, 2.6e9}},
    .efficiency = 0.9};

// Memory: 8 channels of DDR5-4800, 307 GB/s at most (Arm Neoverse V1 and V2 servers), of which about 80 % are
// reached. Arithmetic: that of the Zen 5 with 3/5 of its clock and vectors of a quarter of the width.
constexpr host_kind arm_server{
    .source = "generic Arm server, scaled from an AMD EPYC (Zen 5) measured 2026-11 and the rates of DDR5 memory",
    .is_same_processor = false,
    .core_cache_bytes = 1 << 20,
    .shared_cache_bytes = 32 << 20,
    .call_us = 0.1,
    .fork_us = 3,
    .fork_more_us = 0.15,
    .core_cache_bytes_per_s = 5e10,
    .shared_cache_bytes_per_s = 2.5e10,
    .memory_bytes_per_s = 2e10,
    .machine_memory_bytes_per_s = 2.4e11,
    .operations = {{7e9, 3.5e9},
                   {8e9, 3e9},
                   {9e9, 4e9},
                   {5e9, 2.5e9},
                   {4e9, 2.5e9},
                   {5e8, 9e8},
                   {6e10, 3e10},
                   {5e9, 2.5e9},
                   {1.4e9, 1.3e9},
                   {2.1e9, 1.5e9}},
    .efficiency = 0.97};

constexpr int zen_5_family = 26;
// Desktops have no more; servers with so few are parts of larger ones.
constexpr int most_cores_of_desktop = 24;

bool names_any(std::string_view processor, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return processor.find(word) != word.npos; });
}

const host_kind& kind_of(const host_facts& facts) {
  if (facts.is_arm || names_any(facts.processor, {"Neoverse", "Graviton", "Ampere", "Grace"})) return arm_server;
  if (names_any(facts.processor, {"EPYC"})) return facts.family == zen_5_family ? zen_5 : x86_server;
  if (names_any(facts.processor, {"Xeon", "Platinum", "Threadripper PRO"})) return x86_server;
  if (names_any(facts.processor, {"Core(TM)", "Ryzen", "Core Ultra"})) return x86_desktop;
  return facts.machine_cores > most_cores_of_desktop ? x86_server : x86_desktop;
}

// Counts of workers 1, 2, 4, ..., and all.
std::vector<double> worker_counts(int first, int cores) {
  std::vector<double> counts;
  for (int count = first; count < cores; count *= 2) counts.push_back(count);
  if (cores >= first) counts.push_back(cores);
  return counts;
}

constant prior(double value, double sigma) { return {value, limits::sigma(sigma), 0, origin::prior}; }

// Figures that no hardware has are mistakes, and no better than none.
double rate_or(double per_s, double usual) {
  return per_s >= limits::least_per_s && per_s <= limits::most_per_s ? per_s : usual;
}
double time_or(double us, double usual) { return us >= limits::least_us && us <= limits::most_us ? us : usual; }

curve products(std::span<const double> parts, double most, double sigma) {
  curve made;
  for (std::size_t i = 0; i < std::size(product_at); ++i) {
    made.at.push_back(product_at[i]);
    made.values.push_back(prior(limits::rate(most * parts[i]), sigma));
  }
  return made;
}

}  // namespace

host_profile prior_for(const host_facts& facts) {
  const host_kind& kind = kind_of(facts);
  const double sigma = kind.is_same_processor ? sigma_of_same_processor : sigma_of_kind;
  host_profile made;
  made.cores = std::max(facts.cores, 1);
  made.source = fmt::format("prior: {}", kind.source);
  const double core_cache = rate_or(facts.core_cache_bytes, kind.core_cache_bytes);
  made.level_bytes = {core_cache, std::max(rate_or(facts.shared_cache_bytes, kind.shared_cache_bytes), core_cache)};
  made.call_us = prior(kind.call_us, sigma);

  const auto speed = [&](double workers) { return 1 + (workers - 1) * kind.efficiency; };
  for (const double workers : worker_counts(2, made.cores)) {
    made.fork_us.at.push_back(workers);
    made.fork_us.values.push_back(prior(kind.fork_us + kind.fork_more_us * (workers - 2), sigma));
  }
  if (made.fork_us.empty()) made.fork_us = {{2}, {prior(kind.fork_us, sigma)}};
  const double memory_most = std::max(kind.machine_memory_bytes_per_s, kind.memory_bytes_per_s);
  const double alone[level_count] = {kind.core_cache_bytes_per_s, kind.shared_cache_bytes_per_s,
                                     kind.memory_bytes_per_s};
  for (const double workers : worker_counts(1, made.cores)) {
    for (int level = 0; level < level_count; ++level) {
      double rate = alone[level] * speed(workers);
      if (level == level_count - 1) rate = std::min(rate, memory_most);
      curve& rates = made.bytes_per_s[static_cast<std::size_t>(level)];
      rates.at.push_back(workers);
      rates.values.push_back(prior(rate, sigma));
    }
    made.speedup.at.push_back(workers);
    made.speedup.values.push_back(prior(speed(workers), sigma));
  }
  for (std::size_t of = 0; of < made.operations_per_s.size(); ++of) {
    made.operations_per_s[of] = {prior(kind.operations[of].narrow, sigma), prior(kind.operations[of].wide, sigma)};
  }
  const pair_of_widths& most = kind.operations[static_cast<std::size_t>(work_class::product)];
  made.product_alone = {products(product_part, most.narrow, sigma), products(product_part, most.wide, sigma)};
  made.product_together = made.product_alone;
  if (made.cores == 1) return made;
  // Workers wait for each other as often as a stage is shared out and once more, within the product.
  const double waiting_us = made.fork_us.values.back().value;
  for (curve& rates : made.product_together) {
    for (std::size_t i = 0; i < rates.at.size(); ++i) {
      const double operations = 2 * std::pow(rates.at[i], 3);
      const double shared_us = operations / (rates.values[i].value * speed(made.cores)) * 1e6;
      rates.values[i].value = limits::rate(operations / (shared_us + waiting_us) * 1e6);
    }
  }
  return made;
}

device_profile prior_for(const backend::hardware_hints& hints) {
  const auto rate = [](double hint, double usual) {
    const double value = rate_or(hint, usual);
    return prior(value, value == hint ? sigma_of_hint : sigma_of_usual);
  };
  const auto time = [](double hint, double usual) {
    const double value = time_or(hint, usual);
    return prior(value, value == hint ? sigma_of_hint : sigma_of_usual);
  };
  const auto part_of = [](const constant& whole, double part) {
    return prior(limits::rate(whole.value * part), whole.sigma);
  };
  device_profile made;
  made.source = hints.source.empty() ? "prior: public measurements of data-centre GPUs" : "prior: " + hints.source;

  // Public measurements: a launch takes 1.3 to 3 us of the host's time, a launch with a wait for its end 4.4 us, a copy
  // of next to nothing 5 to 7 us.
  made.launch_us = time(hints.launch_us, 2);
  made.kernel_us = time(hints.kernel_us, 1.4);
  made.synchronize_us = time(hints.synchronize_us, 1);
  // What a pool that keeps freed blocks needs; cudaMalloc takes a hundred times as long.
  made.allocate_us = time(hints.allocate_us, 1);

  // Of the memory, 4.3 TB/s was measured on an H200 and is far more than other devices have; a device of which nothing
  // is known is taken for a card with a tenth of it. A kernel that has less to move than keeps the memory busy for
  // some microseconds reaches a part only; its start is counted apart.
  const constant memory = rate(hints.bytes_per_s, 4.3e11);
  made.bytes_per_s = {{1 << 16, 1 << 20, 1 << 24, 1 << 28},
                      {part_of(memory, 0.25), part_of(memory, 0.6), part_of(memory, 0.9), memory}};

  // Data sheets of GPUs for computing give float64 half the rate of float32; those of graphics cards a 32nd or 64th,
  // which the hints know.
  const constant narrow = rate(hints.float32_flops, 1e13);
  const constant wide = rate(hints.float64_flops, narrow.value / 32);
  // The part of the data sheet's rate, in which each operation is half a multiply-add, that a class of work reaches.
  // Searches, scans and gathered elements wait for memory and for one another.
  constexpr double parts[work_class_count] = {0.5, 0.25, 0.4, 0.25, 0.05, 0.02, 0.7, 0.1, 0.01, 0.01};
  for (std::size_t of = 0; of < made.operations_per_s.size(); ++of) {
    made.operations_per_s[of] = {part_of(narrow, parts[of]), part_of(wide, parts[of])};
  }
  // Rates of gathering and transposing are of elements, which memory decides: a sector of 32 bytes for each, of which
  // transposed blocks use most.
  const constant gathered = part_of(memory, 1.0 / 64);
  const constant transposed = part_of(memory, 1.0 / 16);
  made.operations_per_s[static_cast<std::size_t>(work_class::gathering)] = {gathered, gathered};
  made.operations_per_s[static_cast<std::size_t>(work_class::transposing)] = {transposed, transposed};
  // Small products leave most of a device idle.
  constexpr double idle[] = {1e-5, 5e-4, 0.02, 0.3, 0.7};
  made.product = {products(idle, narrow.value, narrow.sigma), products(idle, wide.value, wide.sigma)};

  // A link of PCIe 3.0 with 16 lanes carries 12 GB/s in practice, one of 5.0 50 to 55; by way of the driver's buffer
  // about half of the slower one.
  const constant latency = time(hints.copy_us, 6);
  const constant pinned = rate(hints.pinned_bytes_per_s, 1.2e10);
  const constant pageable = rate(hints.pageable_bytes_per_s, std::min(pinned.value, 6e9));
  for (std::array<link_profile, 2>& to : made.link) {
    to[static_cast<std::size_t>(memory_kind::pageable)] = {latency, {{1 << 20}, {pageable}}};
    to[static_cast<std::size_t>(memory_kind::pinned)] = {latency, {{1 << 20}, {pinned}}};
  }
  return made;
}

}  // namespace tandem::plan
