#pragma once

// The words of a copy, for the kernel and for what launches it.
namespace td {

/// Addresses, the number of elements and of axes, a number's bits and whether it is copied instead of the source; then
/// for each axis extent, multiplier, stride of the source, stride of the target.
enum copy_word : int {
  copy_source = 0,
  copy_target = 1,
  copy_count = 2,
  copy_axes = 3,
  copy_number = 4,
  copy_from_number = 6,
  copy_space = 7,
};
inline constexpr int copy_axis_words = 4;
inline constexpr int copy_words = copy_space + copy_axis_words * 32;

}  // namespace td
