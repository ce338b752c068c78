#pragma once

#include <cstdint>

#include "backend/simulated/profiles.h"
#include "ops/program.h"

// What work takes on a simulated machine when nothing disturbs it: numbers only, of no device, so that a test of a
// planner can ask without running anything.
namespace tandem::backend::simulation {

enum class copy_direction : std::uint8_t { to_device, to_host };

/// Microseconds from the start of a stage's first kernel to the end of its last one; 0 for one without elements.
/// Thread safety: any thread. Throws: `std::bad_alloc`.
double stage_us(const machine_profile& on, const ops::stage& of);
/// How many kernels a stage is, each of which the host launches.
int kernels_of(const ops::stage& of) noexcept;

/// Microseconds of a copy on the link; 0 for no bytes. Thread safety: any thread.
double copy_us(const machine_profile& on, copy_direction to, bool is_pinned, std::int64_t bytes) noexcept;
/// Of moving and computing at the same time: a little more than the longer of the two, because they hinder one another
/// where both have to do.
double at_once_ns(double one, double other) noexcept;

/// Of pinning memory of the host; of unpinning it, the same.
double pin_us(std::int64_t bytes) noexcept;

}  // namespace tandem::backend::simulation
