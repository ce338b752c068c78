#pragma once

#include <functional>
#include <string>
#include <vector>

#include <tandem/tandem.h>

#include "gpu/row.h"
#include "gpu/turns.h"
#include "gpu/yardsticks.h"

namespace bench {

/// How all works are measured.
struct setting {
  tandem::device where;
  effort how;
  /// Small sizes, to see that everything works.
  bool is_quick = false;
  /// Null where there are none, for the reason.
  yardsticks* by = nullptr;
  std::string why_not;
};

/// Work that becomes a line of the table.
struct work {
  std::string name;
  /// Fills in everything but the name. Throws: what tandem and yardsticks throw.
  std::function<void(const setting&, row&)> measure;
};

/// Element-wise work on large arrays, and its targets.
std::vector<work> elementwise_works(bool is_quick);
/// Sums of large arrays.
std::vector<work> sum_works(bool is_quick);
std::vector<work> product_works(bool is_quick);
/// Copies between pageable memory of the host and the device.
std::vector<work> transfer_works(bool is_quick);
/// What a call costs.
std::vector<work> latency_works();

/// Shares of the yardsticks and times that tandem is to reach on an NVIDIA H200.
namespace target {
inline constexpr double elementwise = 0.90;
inline constexpr double sums = 0.85;
inline constexpr double products = 0.98;
inline constexpr double transfer = 0.80;
inline constexpr double launch_us = 5;
inline constexpr double compile_us = 150'000;
inline constexpr double cached_us = 5'000;
}  // namespace target

}  // namespace bench
