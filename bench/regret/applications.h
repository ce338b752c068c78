#pragma once

#include <span>
#include <string_view>

// Applications as users write them, by the public interface alone: their evaluations are recorded and judged on
// machines that are made up. What they compute on is made up, too, by formulas, so that every run has the same.
namespace tandem::applications {

/// Each gives a number that depends on all of its results. With `scale` below 1 the extents, or the numbers of steps or
/// of points, are so much smaller; at least as many are left as the formulas need.
/// Throws: `argument_error` unless `scale` is above 0 and at most 1, and what evaluations throw.

/// Shaded relief and statistics of an elevation model of 2000 x 2000, and of 6000 x 6000 cells, as the example
/// hillshade computes them: the sum of the statistics.
double hillshade(double scale);
double large_hillshade(double scale);
/// The nearest of 100,000 points to each of 1000 queries in 16 dimensions, by products and `argmin` in blocks: the sum
/// of their numbers and of the squared distances.
double nearest_neighbours(double scale);
/// 500 steps of heat that spreads on a plate of 1000 x 1000 cells, by slices: the sum of all cells and the centre's
/// temperature.
double heat_diffusion(double scale);
/// The price of an option as the mean of 20,000,000 outcomes, in blocks.
double monte_carlo(double scale);
/// 100 steps of conjugate gradients for 2000 unknowns with a dense matrix, the residual read by the host in each: the
/// product of the solution and the right-hand side.
double conjugate_gradients(double scale);

struct application {
  std::string_view name;
  std::string_view about;
  double (*run)(double scale);
};

std::span<const application> known_applications() noexcept;
/// Null if there is none of that name.
const application* find_application(std::string_view name) noexcept;

}  // namespace tandem::applications
