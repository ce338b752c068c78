#pragma once

#include <algorithm>

// What constants can be: what is measured is held within these limits, and a file whose constants are not is damaged.
namespace tandem::plan::limits {

inline constexpr double least_us = 1e-3;
inline constexpr double most_us = 1e9;
inline constexpr double least_per_s = 1e3;
inline constexpr double most_per_s = 1e17;
/// Bytes, extents and counts at which there are points.
inline constexpr double least_size = 1;
inline constexpr double most_size = 1e15;
/// As a part of a value. None is so exact that the next state of the machine would not show.
inline constexpr double least_sigma = 0.01;
inline constexpr double most_sigma = 1;
inline constexpr double least_speedup = 0.01;
inline constexpr double most_speedup = 65'536;

inline double time(double us) noexcept { return us >= least_us ? std::min(us, most_us) : least_us; }
inline double rate(double per_s) noexcept { return per_s >= least_per_s ? std::min(per_s, most_per_s) : least_per_s; }
inline double sigma(double part) noexcept { return part >= least_sigma ? std::min(part, most_sigma) : least_sigma; }

}  // namespace tandem::plan::limits
