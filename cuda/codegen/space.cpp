#include "cuda/codegen/space.h"

#include <algorithm>
#include <bit>

namespace tandem::cuda {

// What divides numbers below 2^31 by an extent of at least 2: the rounded-up reciprocal, scaled by 2^(32 + shift), in
// the lower half, the shift in the upper. T. Granlund, P. L. Montgomery, Division by invariant integers using
// multiplication, PLDI 1994: with 31 + ceil(log2 d) bits the quotient is exact.
std::int64_t multiplier_of(std::int64_t extent) noexcept {
  if (extent < 2 || extent >= std::int64_t{1} << 31) return 0;  // never divided by with 32 bits
  const auto divisor = static_cast<std::uint64_t>(extent);
  const int shift = std::bit_width(divisor - 1) - 1;
  const std::uint64_t power = std::uint64_t{1} << (32 + shift);
  const std::uint64_t reciprocal = power / divisor + (power % divisor != 0);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(shift) << 32 | reciprocal);
}

std::int64_t space::size() const noexcept {
  std::int64_t product = 1;
  for (const std::int64_t extent : extents) product *= extent;
  return product;
}

space merged(const dims& shape, std::span<const dims> strides, const dims& order) {
  space made;
  made.strides.resize(strides.size());
  for (const std::int64_t axis : order) {
    if (shape[axis] == 0) {
      made.extents = dims{0};
      for (dims& of : made.strides) of = dims{0};
      return made;
    }
  }
  for (const std::int64_t axis : order) {
    const std::int64_t extent = shape[axis];
    if (extent == 1) continue;
    bool joins = !made.extents.empty();
    for (std::size_t k = 0; joins && k < strides.size(); ++k) {
      joins = made.strides[k].back() == strides[k][axis] * extent;
    }
    if (joins) {
      const int last = made.extents.size() - 1;
      made.extents[last] *= extent;
      for (std::size_t k = 0; k < strides.size(); ++k) made.strides[k][last] = strides[k][axis];
    } else {
      made.extents.push_back(extent);
      for (std::size_t k = 0; k < strides.size(); ++k) made.strides[k].push_back(strides[k][axis]);
    }
  }
  return made;
}

bool fits_32_bits(const space& of) noexcept {
  constexpr std::int64_t beyond = std::int64_t{1} << 31;
  if (of.size() >= beyond) return false;
  for (const dims& strides : of.strides) {
    std::int64_t furthest = 0;
    for (int axis = 0; axis < of.extents.size(); ++axis) {
      const std::int64_t stride = strides[axis] < 0 ? -strides[axis] : strides[axis];
      const std::int64_t steps = std::max<std::int64_t>(of.extents[axis] - 1, 0);
      if (stride >= beyond || stride * steps >= beyond) return false;
      furthest += stride * steps;
    }
    if (furthest >= beyond) return false;
  }
  return true;
}

const char* index_type(bool narrow) noexcept { return narrow ? "unsigned" : "unsigned long long"; }

void append_space(const space& of, int operands, std::vector<word>& to) {
  for (const std::int64_t extent : of.extents) {
    to.push_back({extent});
    to.push_back({multiplier_of(extent)});
  }
  for (int k = 0; k < operands; ++k) {
    for (const std::int64_t stride : of.strides[static_cast<std::size_t>(k)]) to.push_back({stride});
  }
}

}  // namespace tandem::cuda
