#pragma once

#include <array>
#include <string_view>

#include "backend/simulated/stage_counts.h"

// What the machines that can be simulated really take, as opposed to what their profiles say in a few figures. Times
// are made up from these tables and from nothing else, so that a prediction by formulas has something to be wrong
// about.
namespace tandem::backend::simulation {

/// Microseconds of a copy of 2^10, 2^11, ... 2^32 bytes, from the call to the last byte.
inline constexpr int first_copy_log2 = 10;
using copy_times = std::array<double, 23>;
struct copy_table {
  copy_times pageable_us;
  copy_times pinned_us;
};

/// Bytes per ns of a kernel that reads and writes 2^10, 2^11, ... 2^34 bytes together.
inline constexpr int first_memory_log2 = 10;
using memory_rates = std::array<double, 25>;

/// Operations per ns in a product of matrices for which the cube root of m * n * k is 2^3, 2^4, ... 2^14.
inline constexpr int first_product_log2 = 3;
using product_rates = std::array<double, 12>;
struct product_table {
  product_rates float32;
  product_rates float64;
};

/// Operations per ns that kernels reach when nothing else limits them, by `operation_kind`, counted by the flops of the
/// operations' rows.
using operation_rates = std::array<double, operation_kind_count>;
struct rate_table {
  operation_rates float32;
  operation_rates float64;
  /// Integers of up to 4 bytes, and of 8.
  operation_rates int32;
  operation_rates int64;
};

struct machine_table {
  std::string_view machine;
  copy_table to_device;
  copy_table to_host;
  memory_rates memory_gb_per_s;
  product_table product_gflops;
  rate_table gops;
  /// How many times the bytes of a region count that is read or written across its rows.
  double transposed_factor;
  /// The same, beside what is fetched in vain, of one that has no neighbours at all.
  double scattered_factor;
};

/// Of a machine that has a profile.
const machine_table& table_of(std::string_view machine) noexcept;

/// The value at `size` of one that is given at the powers of two from 2^first_log2 on: between two of them the
/// logarithm of the value is interpolated over that of the size. Outside, the nearest one.
double at_size(const double* values, int count, int first_log2, double size) noexcept;

}  // namespace tandem::backend::simulation
