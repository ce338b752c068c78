#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <tandem/dims.h>

#include "cuda/codegen/lowered.h"

// Iteration spaces that several operands share, with as few axes as their layouts allow, and as the words that
// cuda/device/space.h reads.
namespace tandem::cuda {

/// Extents, slowest axis first, and the strides of each operand along them, in elements.
struct space {
  dims extents;
  std::vector<dims> strides;

  std::int64_t size() const noexcept;
};

/// The space of a shape, its axes in the order given (slowest first), with those of extent 1 left out and neighbours
/// joined where all operands allow it. `strides` has an entry per operand, as long as the shape. `order` may leave out
/// axes: the space is then that of the others. No axis is left if all extents are 1; one of extent 0 if one is 0.
space merged(const dims& shape, std::span<const dims> strides, const dims& order);

/// Whether the number of elements and each operand's offsets from its first element are below 2^31 in magnitude, so
/// that kernels can compute with 32 bits.
bool fits_32_bits(const space& of) noexcept;

/// The C++ type that a kernel computes offsets with: "unsigned" or "unsigned long long".
const char* index_type(bool narrow) noexcept;

/// What a kernel multiplies by instead of dividing by an extent of at least 2: td::divided.
std::int64_t multiplier_of(std::int64_t extent) noexcept;

/// Number of words of a space: td::space_words.
constexpr int space_words(int axes, int operands) noexcept { return axes * (2 + operands); }

/// Appends the words of a space with its first `operands` operands.
void append_space(const space& of, int operands, std::vector<word>& to);

}  // namespace tandem::cuda
