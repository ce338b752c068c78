#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <tandem/dtype.h>

#include "ops/program.h"

// What a stage does, counted for machines that are made up. The planner has counts of its own (plan/task.h): what one
// of the two leaves out or gets wrong is a difference between predicted and made-up times, as it would be between
// predicted and real ones.
namespace tandem::backend::simulation {

/// Kinds of operations that have a speed each.
enum class operation_kind : std::uint8_t {
  arithmetic,  ///< Rows of less than 4 flops, and conversions.
  division,    ///< Rows of less than 10.
  special,     ///< All others.
  combining,   ///< Reductions.
  searching,   ///< argmin, argmax, and looking for a place.
  scanning,
  counting,  ///< In products of integers.
};
inline constexpr int operation_kind_count = 7;

/// A region that is read or written.
struct memory_access {
  /// Of distinct elements.
  double bytes;
  double item_bytes;
  /// From an element to its nearest one in memory; 0 if there is only one.
  double step;
  /// The work goes along another axis than that of the neighbours.
  bool is_across;
};

struct computation {
  operation_kind kind;
  dtype type;
  /// On real numbers.
  double operations;
  std::uint64_t kernel;
};

struct stage_counts {
  /// A number for the code that does it, which belongs to the operation that comes last.
  std::uint64_t kernel = 0;
  std::vector<memory_access> accesses;
  std::vector<computation> computations;
  /// Of a product of floats, else 0: (m, k), (k, n), how many of them, and of which dtype.
  double m = 0, n = 0, k = 0, batch = 0;
  dtype type = dtype::float32;
  bool is_scan = false;

  bool is_product() const noexcept { return m > 0; }
  /// On real numbers.
  double product_operations() const noexcept { return 2 * m * n * k * batch * (is_complex(type) ? 4 : 1); }
  double touched_bytes() const noexcept;
};

/// Thread safety: any thread. Throws: `std::bad_alloc`.
stage_counts counts_of(const ops::stage& of);

/// How well code suits a machine, 0.75 to 1.25: a property of the two that nobody knows who has not measured it.
double suits(std::string_view machine, std::uint64_t kernel) noexcept;

}  // namespace tandem::backend::simulation
