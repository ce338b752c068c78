#pragma once

#include <cstdint>
#include <span>

#include <tandem/ndarray.h>

#include "cli/interpreter.h"
#include "cli/steps.h"

// How many bytes an evaluation moves at least.
namespace tandem::cli {

/// The bytes of the elements that lie in memory; a broadcast axis repeats its elements and counts once.
std::int64_t bytes_of(const ndarray& array) noexcept;

/// A lower bound on the bytes of `names` that evaluating the steps reads: each name once, and if only views of it are
/// used, the largest of them. Names below an index that is not their own count nothing, since only a part of what is
/// computed from them may be needed, nor do those of which functions such as `zeros_like` need the shape alone.
std::int64_t bytes_read(std::span<const step> steps, const bindings& names);

}  // namespace tandem::cli
