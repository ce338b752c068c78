#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "regret/judged.h"
#include "regret/scene.h"

// Single evaluations: each is placed once, its operands are somewhere, and the host reads the result.
namespace bench::regret {

/// How places are chosen without a planner.
enum class baseline : std::uint8_t {
  always_host,
  always_device,
  large_products,  ///< On the device if cbrt(m * n * k) > 500, as libraries that offload products do.
  first_use,       ///< Where more bytes of the operands are.
  threshold,       ///< On the device from some number of elements on: the number that would have been best.
};
inline constexpr int baseline_count = 5;
std::string_view name_of(baseline of) noexcept;

struct choice_results {
  judged planned;
  std::array<judged, baseline_count> baselines;
};

/// So many evaluations of random work.
choice_results judge_choices(scene& on, int evaluations, std::uint64_t seed, bool for_testing);

/// The size of square products from which on the device is faster: really, and by prediction, with operands on the
/// host; 0 if there is none up to 8192.
struct crossover {
  double real;
  double predicted;
};
crossover crossover_of_products(scene& on, tandem::dtype type);

}  // namespace bench::regret
