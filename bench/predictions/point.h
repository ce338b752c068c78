#pragma once

#include <string>
#include <vector>

namespace bench::predictions {

/// An expression, what the planner says that evaluating it takes, and what it took: the median of rounds.
struct point {
  /// What its time is spent on: "element-wise", "product", ...
  std::string kind;
  std::string expression;
  /// Elements, or the extents of a square matrix.
  std::string size;
  int workers;
  double predicted_us;
  double measured_us;
  /// The system took cores away from the process in nearly all rounds.
  bool is_disturbed;

  /// How far the two are apart, at least 1.
  double factor() const noexcept {
    return predicted_us > measured_us ? predicted_us / measured_us : measured_us / predicted_us;
  }
};

/// `points` of which factors are at most what is returned: 0.5 for the median.
double quantile_of_factors(const std::vector<point>& points, double part);

/// A chart of predicted against measured times on logarithmic axes, as SVG. `caption` says where they are from,
/// `most_workers` how many there could be; below 1 if the planner was free to choose.
std::string chart_of(const std::vector<point>& points, const std::string& caption, int most_workers);

/// A line for each point, after one with the columns' names.
std::string table_of(const std::vector<point>& points);

}  // namespace bench::predictions
