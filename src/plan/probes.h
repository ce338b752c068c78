#pragma once

#include <cstdint>

#include "ops/program.h"
#include "plan/task.h"

// Programs that calibration runs.
namespace tandem::plan {

struct probe_program {
  ops::program code;
  task what;

  /// Of all stages.
  double operations(work_class of) const noexcept;
  double bytes() const noexcept;
};

// Throws: `std::bad_alloc`.

/// An addition of two numbers.
probe_program smallest_program();
/// An addition of two arrays of float32 to a third, about so many bytes in all.
probe_program streaming_program(double bytes);
/// Work of a class, but for products, on `elements` elements of float32 or float64 (int32 or int64 for `counting`),
/// mostly. Element-wise classes do so many operations with each element, one after the other.
probe_program class_program(work_class of, int width, std::int64_t elements, int depth);
/// (extent, extent), (extent, extent) -> (extent, extent), of float32 or float64.
probe_program product_program(int width, std::int64_t extent);

}  // namespace tandem::plan
