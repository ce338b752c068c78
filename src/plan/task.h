#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include <tandem/dtype.h>

#include "ops/program.h"

// What a program costs wherever it runs, as numbers: all that a prediction needs of it.
namespace tandem::plan {

/// Kinds of operations whose speed differs on one machine.
enum class work_class : std::uint8_t {
  arithmetic,   ///< Rows of up to 3 flops, and conversions.
  division,     ///< Rows of 4 to 9: divisions, square roots, remainders.
  special,      ///< Rows of 10 and more: exponentials, logarithms, trigonometric functions, powers.
  reduction,    ///< Combining elements to fewer.
  search,       ///< argmin, argmax.
  scan,         ///< Running sums and products.
  product,      ///< Matrices of floats.
  counting,     ///< Matrices of integers and booleans.
  gathering,    ///< Elements that are read or written where they are not neighbours, one by one; also `repeat`.
  transposing,  ///< Elements with neighbours along another axis than that of the work: blocks are transposed.
};
inline constexpr int work_class_count = 10;

/// "arithmetic", "division", ...
std::string_view to_string(work_class of) noexcept;
/// The class of an element-wise operation by the flops of its row.
work_class class_of_flops(int flops) noexcept;

/// Elements of up to 4 bytes (0), or of more (1); of complex numbers, their parts.
inline constexpr int width_count = 2;
constexpr int width_of(dtype type) noexcept { return item_size(real_part(type)) > 4 ? 1 : 0; }

/// One stage.
struct stage_task {
  /// Where most of its operations belong, and a number for the operation that decides its time: with the dtype, what
  /// corrections are learned for.
  work_class main;
  std::uint16_t operation;
  dtype type;
  /// Operations on real numbers by class, as `ops::work_of` counts them, but arithmetic on elements of less than 4 bytes
  /// by the part of 4 bytes that they are. Of `gathering` and `transposing`, elements.
  std::array<double, work_class_count> operations;
  /// Bytes of distinct elements that are read and written; a broadcast operand counts once.
  double bytes;
  /// Of a product, the extents (m, k), (k, n) and how many of them; else 0.
  double m, n, k, batch;
};

/// A program.
struct task {
  std::vector<stage_task> stages;
  /// Of its temporaries together.
  std::int64_t temporary_bytes;
  /// Of its result, new or assigned to an array.
  std::int64_t result_bytes;
};

/// Thread safety: any thread. Throws: `std::bad_alloc`.
task task_of(const ops::program& what);

}  // namespace tandem::plan
