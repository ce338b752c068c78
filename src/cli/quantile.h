#pragma once

#include <vector>

namespace tandem::cli {

/// The value below which the share `q` (0 to 1) of the values lies, interpolated linearly between neighbours as by
/// NumPy's `quantile`. `values` must not be empty.
double quantile(std::vector<double> values, double q);

/// `quantile(values, 0.5)`.
double median(std::vector<double> values);

/// Median of the distances from the median.
double median_absolute_deviation(const std::vector<double>& values);

}  // namespace tandem::cli
